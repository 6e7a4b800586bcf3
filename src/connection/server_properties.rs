//! What the server says about itself in `connection.start`, in RabbitMQ's form and order: clients
//! decide by it what they may use.

use crate::amqp::table::{Table, TableRef};

/// All that this broker can do, in RabbitMQ's order.
const CAPABILITIES: [&str; 9] = [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
    "per_consumer_qos",
    "direct_reply_to",
];

/// The names that can be set. Clients branch on `product` and `version`.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    /// The product that clients are told.
    pub product: &'a str,
    /// Its version, like `3.13.7`.
    pub version: &'a str,
    /// The cluster, like `rabbit@host`.
    pub cluster_name: &'a str,
}

/// Builds the table. `platform` and `information` carry this broker's own name and version,
/// whatever product it passes for.
pub fn server_properties(announcement: &Announcement<'_>) -> Table {
    let mut capabilities = Vec::new();
    for name in CAPABILITIES {
        put_key(&mut capabilities, name);
        capabilities.extend([b't', 1]);
    }
    let mut octets = Vec::new();
    put_key(&mut octets, "capabilities");
    put_long(&mut octets, b'F', &capabilities);
    for (key, value) in [
        ("cluster_name", announcement.cluster_name),
        ("copyright", "Copyright (c) the Leveret authors"),
        (
            "information",
            concat!(
                "Leveret ",
                env!("CARGO_PKG_VERSION"),
                ". Licensed under the Apache License 2.0."
            ),
        ),
        ("platform", concat!("Leveret ", env!("CARGO_PKG_VERSION"))),
        ("product", announcement.product),
        ("version", announcement.version),
    ] {
        put_key(&mut octets, key);
        put_long(&mut octets, b'S', value.as_bytes());
    }
    TableRef::parse(&octets).unwrap_or_default().to_owned()
}

fn put_key(octets: &mut Vec<u8>, key: &str) {
    octets.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
    octets.extend(key.bytes().take(usize::from(u8::MAX)));
}

fn put_long(octets: &mut Vec<u8>, letter: u8, value: &[u8]) {
    octets.push(letter);
    octets.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    octets.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::table::Value;

    #[test]
    fn the_table_has_rabbitmqs_keys_in_its_order() {
        let table = server_properties(&Announcement {
            product: "RabbitMQ",
            version: "3.13.7",
            cluster_name: "rabbit@here",
        });

        let table = table.as_ref();
        let keys: Vec<&[u8]> = table.iter().map(|(key, _)| key).collect();
        let expected: [&[u8]; 7] = [
            b"capabilities",
            b"cluster_name",
            b"copyright",
            b"information",
            b"platform",
            b"product",
            b"version",
        ];
        assert_eq!(keys, expected);
        assert_eq!(table.get("product"), Some(Value::LongStr(b"RabbitMQ")));
        assert_eq!(table.get("version"), Some(Value::LongStr(b"3.13.7")));
        let capabilities = table.get("capabilities").and_then(Value::as_table).unwrap();
        let names: Vec<&[u8]> = capabilities.iter().map(|(key, _)| key).collect();
        assert_eq!(names, CAPABILITIES.map(str::as_bytes));
        assert!(capabilities.iter().all(|(_, value)| value == Value::Bool(true)));
    }
}
