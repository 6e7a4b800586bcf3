//! What a queue's definition says of how it works.

use crate::queue::settings::{Serving, Settings};
use crate::topology::queue::QueueDefinition;

/// How a queue of that definition works.
pub(super) fn settings(definition: &QueueDefinition) -> Settings {
    let values = definition.values();
    let is_single = values.single_active_consumer == Some(true);
    Settings {
        serving: if is_single { Serving::SingleActive } else { Serving::All },
        message_ttl: values.message_ttl,
        ..Settings::default()
    }
}
