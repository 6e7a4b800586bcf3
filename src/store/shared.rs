//! What all queues of a node share.

use std::sync::Arc;

use super::log::Log;
use super::meta::MetaLog;
use super::residence::Residence;
use crate::amqp::confirm::Confirm;

/// Where everything durable goes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// Topology and users.
    pub meta: Arc<dyn MetaLog>,
    /// Messages; without it they last as long as the process.
    pub log: Option<Arc<Log>>,
    /// How much of the messages is in memory.
    pub residence: Arc<Residence>,
    /// When publishers are told, where a queue does not say otherwise.
    pub confirm: Confirm,
}

impl Store {
    /// A store on disk that keeps about `memory` octets of messages in memory.
    pub fn new(log: Arc<Log>, memory: usize, confirm: Confirm) -> Self {
        let meta = Arc::clone(&log) as Arc<dyn MetaLog>;
        Self { meta, log: Some(log), residence: Arc::new(Residence::new(memory)), confirm }
    }

    /// A store in which messages last as long as the process.
    pub fn in_memory(meta: Arc<dyn MetaLog>) -> Self {
        let residence = Arc::new(Residence::new(usize::MAX));
        Self { meta, log: None, residence, confirm: Confirm::default() }
    }
}
