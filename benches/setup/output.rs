//! An output buffer that deliveries are encoded into.

use bytes::BytesMut;
use leveret::amqp::id::{DeliveryTag, PublishTag};
use leveret::codec::encode::{self, Deliver};

use super::client::{CHANNEL, header};

pub struct Output {
    out: BytesMut,
    header: Vec<u8>,
    body: Vec<u8>,
    number: u64,
}

impl Output {
    /// Bodies have `size` octets.
    pub fn new(size: usize) -> Self {
        let out = BytesMut::with_capacity(1 << 20);
        Self { out, header: header(size), body: vec![b'x'; size], number: 0 }
    }

    /// Encodes so many deliveries; returns their octets.
    pub fn deliver(&mut self, count: usize) -> usize {
        self.out.clear();
        for _ in 0..count {
            self.number += 1;
            let deliver = Deliver {
                channel: CHANNEL,
                consumer_tag: b"consumer-1",
                delivery_tag: DeliveryTag(self.number),
                redelivered: false,
                address: b"\x00\x06orders",
            };
            encode::delivery(&mut self.out, &deliver, &self.header, &self.body);
        }
        self.out.len()
    }

    /// Encodes so many confirms; returns their octets.
    pub fn confirm(&mut self, count: usize) -> usize {
        self.out.clear();
        for _ in 0..count {
            self.number += 1;
            encode::ack(&mut self.out, CHANNEL, PublishTag(self.number), true);
        }
        self.out.len()
    }
}
