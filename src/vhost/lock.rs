//! The lock that [`super::inbox`] is built on; its model check brings one of its own.

pub(super) use parking_lot::Mutex;
