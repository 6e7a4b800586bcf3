//! What the client said about itself in `start-ok`.

use crate::amqp::table::{Table, TableRef, Value};

/// The client's properties, and those of them that the server acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientProperties {
    /// All of them, as sent.
    pub table: Table,
    /// The connection's name, given by its user.
    pub connection_name: Option<String>,
    /// The client library.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What it runs on.
    pub platform: Option<String>,
    /// What it can take.
    pub capabilities: Capabilities,
}

/// The client's capabilities that change what it is sent. A missing one is a no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It expects `connection.close` when its login is refused.
    pub authentication_failure_close: bool,
    /// It takes `basic.cancel` from the server.
    pub consumer_cancel_notify: bool,
    /// It takes `connection.blocked`.
    pub connection_blocked: bool,
}

impl ClientProperties {
    /// Reads what is there; what is missing or of another type is as if it were not there.
    pub fn read(table: TableRef<'_>) -> Self {
        let text = |key| {
            let octets = table.get(key)?.as_long_str()?;
            Some(String::from_utf8_lossy(octets).into_owned())
        };
        Self {
            table: table.to_owned(),
            connection_name: text("connection_name"),
            product: text("product"),
            version: text("version"),
            platform: text("platform"),
            capabilities: Capabilities::read(
                table.get("capabilities").and_then(Value::as_table).unwrap_or_default(),
            ),
        }
    }
}

impl Capabilities {
    fn read(table: TableRef<'_>) -> Self {
        let has = |key| table.get(key) == Some(Value::Bool(true));
        Self {
            authentication_failure_close: has("authentication_failure_close"),
            consumer_cancel_notify: has("consumer_cancel_notify"),
            connection_blocked: has("connection.blocked"),
        }
    }
}
