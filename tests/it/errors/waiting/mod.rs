//! Rows whose feature does not exist yet, by that feature.

mod access;
mod queue_feature;
mod queue_type;

use super::row::Row;

pub fn rows() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("streams", queue_type::streams()),
        ("streams and their arguments", queue_type::stream_arguments()),
        ("users and permissions", access::permissions()),
        ("limits of users, vhosts and nodes", access::limits()),
        ("limits of what is declared", access::numbers()),
        ("the durable store", queue_feature::durable()),
        ("token credentials", access::tokens()),
        ("an operator's commands", access::commands()),
        ("protected queues", queue_feature::protected_queues()),
    ]
}
