//! A wrong password is refused with 403.

use lapin::{Connection, ConnectionProperties};

use crate::support::{Outcome, refused, uri};

pub async fn run(connection: Connection) -> Outcome {
    let uri = uri().replace("guest:guest", "guest:wrong");
    let result = Connection::connect(&uri, ConnectionProperties::default()).await;
    let text = refused(result.map(drop), 403);
    assert!(text.starts_with("ACCESS_REFUSED - Login was refused"), "{text}");
    connection.close(200, "".into()).await
}
