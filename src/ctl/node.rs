//! What the control socket needs to know of the node behind it.

use super::protocol::Status;
use crate::broker::reports::NoVhost;
use crate::config::Watermark;

/// A node that can be asked and stopped.
pub trait Node: Send + Sync + 'static {
    /// How it is now.
    fn status(&self) -> Status;

    /// Begins or ends the tracing of a virtual host.
    ///
    /// # Errors
    /// There is no such virtual host.
    fn trace(&self, vhost: &str, tracing: Tracing) -> Result<(), NoVhost>;

    /// Moves the memory high watermark until the node stops. When it returns, publishers are blocked
    /// or go on as the new one says.
    fn set_memory_high_watermark(&self, to: Watermark);

    /// Sets another limit of free disk space until the node stops; a fraction is one of the memory
    /// there is. When it returns, publishers are blocked or go on as that says.
    fn set_disk_free_limit(&self, to: Watermark);

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
