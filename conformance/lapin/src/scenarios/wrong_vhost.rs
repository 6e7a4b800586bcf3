//! A virtual host that does not exist is refused with 530.

use lapin::{Connection, ConnectionProperties};

use crate::support::{Outcome, refused, uri};

pub async fn run(connection: Connection) -> Outcome {
    let uri = uri().replace("/%2f", "/no%20such%20host");
    let result = Connection::connect(&uri, ConnectionProperties::default()).await;
    let text = refused(result.map(drop), 530);
    assert!(text.contains("vhost no such host not found"), "{text}");
    connection.close(200, "".into()).await
}
