//! Content: a header with properties, and a body (spec 4.2.6).

use super::wire::{BODY, Field, HEADER, fields, frame, long_str, short_str};

/// A message's content.
#[derive(Clone, Debug, Default)]
pub struct Content {
    flags: u16,
    properties: Vec<u8>,
    body: Vec<u8>,
}

/// A message without properties.
pub fn content(body: &[u8]) -> Content {
    Content { body: body.to_vec(), ..Content::default() }
}

impl Content {
    /// Property flags and octets, lawful or not.
    pub fn properties(self, flags: u16, octets: &[u8]) -> Self {
        Self { flags, properties: octets.to_vec(), ..self }
    }

    pub fn headers(self, headers: &[(&str, Field)]) -> Self {
        self.properties(1 << 13, &long_str(&fields(headers)))
    }

    pub fn delivery_mode(self, mode: u8) -> Self {
        self.properties(1 << 12, &[mode])
    }

    pub fn priority(self, priority: u8) -> Self {
        self.properties(1 << 11, &[priority])
    }

    pub fn reply_to(self, queue: &str) -> Self {
        self.properties(1 << 9, &short_str(queue.as_bytes()))
    }

    pub fn expiration(self, expiration: &str) -> Self {
        self.properties(1 << 8, &short_str(expiration.as_bytes()))
    }

    pub fn user_id(self, user: &str) -> Self {
        self.properties(1 << 4, &short_str(user.as_bytes()))
    }

    /// The payload of the header frame.
    pub fn header(&self) -> Vec<u8> {
        let mut payload = header(60, self.body.len() as u64);
        payload.truncate(12);
        payload.extend(self.flags.to_be_bytes());
        payload.extend(&self.properties);
        payload
    }

    /// The header frame, and the body in frames of at most `frame_max` octets.
    pub fn frames(&self, channel: u16, frame_max: usize) -> Vec<u8> {
        let mut octets = frame(HEADER, channel, &self.header());
        for part in self.body.chunks(frame_max - 8) {
            octets.extend(frame(BODY, channel, part));
        }
        octets
    }
}

/// The payload of a header frame without properties.
pub fn header(class: u16, body_size: u64) -> Vec<u8> {
    [&class.to_be_bytes()[..], &[0, 0], &body_size.to_be_bytes(), &[0, 0]].concat()
}
