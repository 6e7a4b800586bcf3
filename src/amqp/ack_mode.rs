//! Whether deliveries are acknowledged (spec 4.7).

/// Who says that a delivery has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckMode {
    /// The client settles each delivery.
    Manual,
    /// Delivering is enough (`no-ack`): the message is gone once it is sent.
    Automatic,
}
