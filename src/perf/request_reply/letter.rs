//! A request or a reply: a publish with a correlation id and an address for the answer, encoded
//! once and numbered anew each time; and what arrives of one.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, Publish};
use bytes::BytesMut;

use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::{Frame, FrameKind, HEADER_SIZE};
use crate::perf::error::PerfError;
use crate::perf::session::{self, CHANNEL};

/// The property flags of correlation-id and reply-to (spec 4.2.6.1).
const PROPERTIES: u16 = 1 << 10 | 1 << 9;

/// Octets of a content header before the first property: class, weight, body size, flags.
const PROPERTIES_AT: usize = 2 + 2 + 8 + 2;

/// A correlation id: hexadecimal digits.
pub(in crate::perf) type Id = [u8; 16];

/// Where a letter goes, by the default exchange, and where its answer is to go.
#[derive(Clone, Copy, Debug)]
pub(in crate::perf) struct Address<'a> {
    pub(in crate::perf) routing_key: &'a str,
    /// Empty for an answer.
    pub(in crate::perf) reply_to: &'a str,
}

/// One letter in wire form.
#[derive(Debug)]
pub(in crate::perf) struct Letter {
    octets: Vec<u8>,
    /// Where in them the correlation id begins.
    id: usize,
}

/// What has arrived of a letter; the next one takes its place.
#[derive(Debug, Default)]
pub(in crate::perf) struct Incoming {
    pub(in crate::perf) id: Id,
    pub(in crate::perf) reply_to: Vec<u8>,
    /// Octets of the body.
    pub(in crate::perf) size: u64,
    /// Octets of the body that are to come.
    remaining: u64,
}

impl Letter {
    /// A letter with `size` octets in frames of `frame_max` at most; `reply_to` is 255 octets at
    /// most, as all names are.
    pub(in crate::perf) fn new(address: Address<'_>, size: usize, frame_max: u32) -> Self {
        let publish = Publish {
            exchange: "".into(),
            routing_key: address.routing_key.into(),
            mandatory: false,
            immediate: false,
        };
        let mut header = MethodId::BASIC_PUBLISH.class.to_be_bytes().to_vec();
        header.extend([0; 2]);
        header.extend((size as u64).to_be_bytes());
        header.extend(PROPERTIES.to_be_bytes());
        short_string(&mut header, &[b'0'; size_of::<Id>()]);
        short_string(&mut header, address.reply_to.as_bytes());
        let mut octets = BytesMut::new();
        encode::method(&mut octets, CHANNEL, AMQPClass::Basic(AMQPMethod::Publish(publish)));
        let id = octets.len() + HEADER_SIZE + PROPERTIES_AT + 1;
        encode::content(&mut octets, CHANNEL, &header, &vec![b'x'; size], frame_max);
        Self { octets: octets.to_vec(), id }
    }

    /// The letter's octets, with this correlation id.
    pub(in crate::perf) fn with_id(&mut self, id: Id) -> &[u8] {
        if let Some(place) = self.octets.get_mut(self.id..self.id + id.len()) {
            place.copy_from_slice(&id);
        }
        &self.octets
    }
}

impl Incoming {
    /// Takes a frame; returns whether the letter is whole with it.
    ///
    /// # Errors
    /// The broker ended something, or the message is none of this run.
    pub(in crate::perf) fn take(&mut self, frame: &Frame<'_>) -> Result<bool, PerfError> {
        match frame.kind {
            FrameKind::Header => {
                self.read_header(frame.payload).ok_or_else(|| {
                    let text = "a message that this run did not publish";
                    PerfError::Unexpected(text.to_owned())
                })?;
                Ok(self.remaining == 0)
            }
            FrameKind::Body => {
                self.remaining = self.remaining.saturating_sub(frame.payload.len() as u64);
                Ok(self.remaining == 0)
            }
            FrameKind::Method => session::check(frame).map(|()| false),
            FrameKind::Heartbeat => Ok(false),
        }
    }

    fn read_header(&mut self, payload: &[u8]) -> Option<()> {
        let (start, properties) = payload.split_first_chunk::<PROPERTIES_AT>()?;
        let flags: [u8; 2] = start.last_chunk().copied()?;
        if u16::from_be_bytes(flags) != PROPERTIES {
            return None;
        }
        let (id, rest) = split_short_string(properties)?;
        let (reply_to, _) = split_short_string(rest)?;
        self.id = id.try_into().ok()?;
        self.reply_to.clear();
        self.reply_to.extend_from_slice(reply_to);
        self.size = u64::from_be_bytes(*start.get(4..)?.first_chunk()?);
        self.remaining = self.size;
        Some(())
    }
}

/// The id of a client's request.
pub(super) fn id(client: u64, number: u64) -> Id {
    let mut left = client << 48 | number;
    let mut id = [b'0'; size_of::<Id>()];
    for place in id.iter_mut().rev() {
        *place = b"0123456789abcdef".get((left & 15) as usize).copied().unwrap_or_default();
        left >>= 4;
    }
    id
}

fn short_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(u8::try_from(text.len()).unwrap_or_default());
    out.extend(text);
}

fn split_short_string(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frame::{Parsed, parse_frame};

    fn deliver(incoming: &mut Incoming, mut octets: &[u8]) -> Vec<bool> {
        let mut whole = Vec::new();
        while let Ok(Parsed::Frame(frame, length)) = parse_frame(octets, 4096) {
            whole.push(incoming.take(&frame).unwrap());
            octets = &octets[length..];
        }
        assert!(octets.is_empty());
        whole
    }

    #[test]
    fn a_letter_arrives_as_it_was_sent() {
        let address = Address { routing_key: "here", reply_to: "there" };
        let mut letter = Letter::new(address, 5000, 4096);
        let mut incoming = Incoming::default();

        let whole = deliver(&mut incoming, letter.with_id(id(3, 7)));

        assert_eq!(whole, [false, false, false, true]);
        assert_eq!(&incoming.id, b"0003000000000007");
        assert_eq!((incoming.reply_to.as_slice(), incoming.size), (&b"there"[..], 5000));
    }

    #[test]
    fn an_empty_letter_is_whole_with_its_header() {
        let mut letter = Letter::new(Address { routing_key: "q", reply_to: "" }, 0, 4096);

        let whole = deliver(&mut Incoming::default(), letter.with_id(id(0, 0)));

        assert_eq!(whole, [false, true]);
    }

    #[test]
    fn what_another_run_published_is_refused() {
        let mut header = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
        header.extend(b"\x02id");
        let mut octets = BytesMut::new();
        encode::content(&mut octets, CHANNEL, &header, b"", 4096);

        let Ok(Parsed::Frame(frame, _)) = parse_frame(&octets, 4096) else { panic!("no frame") };

        assert!(Incoming::default().take(&frame).is_err());
    }
}
