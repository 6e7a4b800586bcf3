//! What a queue's arguments and policies say of how it works.

use crate::queue::settings::{Dead, Serving, Settings};
use crate::topology::arguments::values::Values;

/// How a queue works whose arguments and policies say that together.
pub(super) fn settings(values: &Values) -> Settings {
    let is_published = values.dead_letter_exchange.is_some();
    let is_single = values.single_active_consumer == Some(true);
    Settings {
        serving: if is_single { Serving::SingleActive } else { Serving::All },
        message_ttl: values.message_ttl,
        dead: if is_published { Dead::Published } else { Dead::Dropped },
        max_length: values.max_length,
        max_bytes: values.max_length_bytes,
        overflow: values.overflow.unwrap_or_default(),
    }
}
