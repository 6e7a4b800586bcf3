//! Messages as they rest: what reads as one is written as it was.

use bytes::BytesMut;
use leveret::amqp::message::{MessageRef, write_message};

/// How much of a record is cut off octet by octet.
const CUTS: usize = 64;

/// Reads the octets as a message.
pub fn run(octets: &[u8]) {
    let Some(message) = MessageRef::read(octets) else { return };
    let (exchange, key) = message.exchange_and_key();
    let length = message.address.len() + message.header.len() + message.body.len() + 8;

    let mut written = BytesMut::new();
    write_message(&mut written, exchange, key, message.header, message.body);

    assert_eq!(written, octets[..length]);
    assert_eq!(MessageRef::read(&octets[..length]), Some(message));
    for cut in 1..=length.min(CUTS) {
        assert_eq!(MessageRef::read(&octets[..length - cut]), None);
    }
}
