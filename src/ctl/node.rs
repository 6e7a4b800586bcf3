//! What the control socket needs to know of the node behind it.

use super::protocol::Status;
use crate::broker::reports::NoVhost;

/// A node that can be asked and stopped.
pub trait Node: Send + Sync + 'static {
    /// How it is now.
    fn status(&self) -> Status;

    /// Begins or ends the tracing of a virtual host.
    ///
    /// # Errors
    /// There is no such virtual host.
    fn trace(&self, vhost: &str, tracing: Tracing) -> Result<(), NoVhost>;

    /// Begins an orderly stop and returns at once; further calls change nothing.
    fn stop(&self);
}

/// Whether a virtual host is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracing {
    /// It is, from now on.
    On,
    /// It is not any more.
    Off,
}
