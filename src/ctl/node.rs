//! What the control socket needs to know of the node behind it.

use super::protocol::Status;

/// A node that can be asked and stopped.
pub trait Node: Send + Sync + 'static {
    /// How it is now.
    fn status(&self) -> Status;

    /// Begins an orderly stop and returns at once; further calls change nothing.
    fn stop(&self);
}
