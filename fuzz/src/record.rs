//! Messages as they rest: what reads as one is written as it was.

use bytes::BytesMut;
use leveret::amqp::message::{CHECKSUM_SIZE, Lengths, MessageRef, split_address};

/// How much of a record is cut off octet by octet.
const CUTS: usize = 64;

/// Reads the octets as a message.
pub fn run(octets: &[u8]) {
    let Some(message) = MessageRef::read(octets) else { return };
    let (exchange, key) = split_address(message.address);
    let length = message.size();

    let mut written = BytesMut::new();
    message.write(&mut written);

    assert!(exchange.len() + key.len() <= message.address.len());
    assert_eq!(Lengths::read(octets).map(Lengths::size), Some(length));

    assert_eq!(written[CHECKSUM_SIZE..], octets[CHECKSUM_SIZE..length]);
    assert_eq!(MessageRef::read(&octets[..length]), Some(message));
    for cut in 1..=length.min(CUTS) {
        assert_eq!(MessageRef::read(&octets[..length - cut]), None);
    }
}
