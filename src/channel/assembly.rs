//! Puts a published message together from its method, its header and its bodies (spec 2.3.5.2;
//! RabbitMQ: `rabbit_command_assembler`).

use std::fmt;

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};

use crate::amqp::exception::Exception;
use crate::amqp::message::{LENGTHS_SIZE, Lengths, MessageRef};
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;

/// The longest body there can be, in bytes, whatever the configuration says.
pub const BODY_SIZE_MAX: u64 = 512 * 1024 * 1024;

/// What is set aside for a message before its body has come, at most. Its announced size is the
/// peer's word only.
const RESERVE_MAX: usize = 64 * 1024;

/// The same where the message before it was as large.
const RESERVE_AGAIN_MAX: usize = 4 * 1024 * 1024;

/// What `basic.publish` asks for besides where the message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishFlags {
    /// Return the message if no queue gets it.
    pub mandatory: bool,
    /// Return the message if no consumer takes it at once; refused.
    pub immediate: bool,
}

/// The fixed part of a content header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderFields {
    /// The class of the method that the content belongs to.
    pub class: u16,
    /// Unused; must be 0.
    pub weight: u16,
    /// The announced length of the body, in bytes.
    pub body_size: u64,
}

impl HeaderFields {
    /// Reads them from the start of a content header frame's payload; `None` when it is shorter.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [c0, c1, w0, w1, size @ ..]: [u8; 12] = *payload.first_chunk()?;
        Some(Self {
            class: u16::from_be_bytes([c0, c1]),
            weight: u16::from_be_bytes([w0, w1]),
            body_size: u64::from_be_bytes(size),
        })
    }

    /// Whether it is a sound header for class `basic`.
    pub const fn is_basic(self) -> bool {
        self.class == MethodId::BASIC_PUBLISH.class && self.weight == 0
    }
}

/// Whether a message is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More frames have to come.
    More,
    /// The message can be taken.
    Complete,
}

/// A message as it was published; borrowed until the channel's next publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published<'a> {
    /// Whether it has to be returned if no queue gets it.
    pub mandatory: bool,
    /// Where it goes, the payload of its header frame, and its body.
    pub message: MessageRef<'a>,
}

/// A frame that was not due, or a message that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssemblyError {
    /// Header or body, and no content is awaited.
    NoContentDue,
    /// Something else where a content header is due.
    NotHeader,
    /// A content header of another class.
    OtherClass(u16),
    /// Something else where a content body is due.
    NotBody,
    /// More body than the header announced.
    BodyOverrun,
    /// The header announces more than [`BODY_SIZE_MAX`].
    BodyTooLarge(u64),
    /// The message, now read to its end, is larger than the server is set to take.
    MessageTooLarge {
        /// The body's length in bytes.
        size: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// `immediate` was asked for.
    Immediate,
}

impl fmt::Display for AssemblyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoContentDue => {
                f.write_str("expected method frame, got non method frame instead")
            }
            Self::NotHeader => f.write_str(
                "expected content header for class 60, got non content header frame instead",
            ),
            Self::OtherClass(class) => {
                write!(f, "expected content header for class 60, got one for class {class} instead")
            }
            Self::NotBody => {
                f.write_str("expected content body, got non content body frame instead")
            }
            Self::BodyOverrun => f.write_str("content body frame exceeds remaining content size"),
            Self::BodyTooLarge(size) => {
                write!(f, "content body size {size} exceeds maximum allowed size {BODY_SIZE_MAX}")
            }
            Self::MessageTooLarge { size, max } => {
                write!(f, "message size {size} is larger than configured max size {max}")
            }
            Self::Immediate => f.write_str("immediate=true"),
        }
    }
}

impl std::error::Error for AssemblyError {}

impl From<AssemblyError> for Exception {
    fn from(error: AssemblyError) -> Self {
        let code = match error {
            AssemblyError::NoContentDue
            | AssemblyError::NotHeader
            | AssemblyError::OtherClass(_)
            | AssemblyError::NotBody => ReplyCode::UnexpectedFrame,
            AssemblyError::BodyOverrun | AssemblyError::BodyTooLarge(_) => ReplyCode::FrameError,
            AssemblyError::MessageTooLarge { .. } => ReplyCode::PreconditionFailed,
            AssemblyError::Immediate => ReplyCode::NotImplemented,
        };
        let exception = Self::new(code, error.to_string());
        match error {
            AssemblyError::NoContentDue => exception,
            _ => exception.caused_by(MethodId::BASIC_PUBLISH),
        }
    }
}

/// What may come next.
///
/// ```text
///   AwaitMethod --basic.publish--> AwaitHeader --header--> AwaitBody --bodies--> Complete
///        ^                              `------ empty body ------------------------^ |
///        `---------------------------------- the next publish -----------------------'
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitMethod,
    AwaitHeader,
    /// The record has `size` octets with the body's last.
    AwaitBody {
        size: usize,
    },
    /// As `AwaitBody`, for a message that is larger than what the server takes.
    Discard {
        remaining: u64,
        size: u64,
    },
    Complete,
}

/// Where a channel's published messages are put together. One buffer serves message after
/// message, and grows only as octets arrive.
#[derive(Debug)]
pub struct Assembly {
    record: BytesMut,
    /// Octets that the next message may set aside before they have come.
    reserve: usize,
    state: State,
    flags: PublishFlags,
    max_message_size: u64,
}

impl Assembly {
    /// Takes bodies of up to `max_message_size` bytes.
    pub fn new(max_message_size: u64) -> Self {
        Self {
            record: BytesMut::new(),
            reserve: RESERVE_MAX,
            state: State::AwaitMethod,
            flags: PublishFlags::default(),
            max_message_size,
        }
    }

    /// Checks that a method may come now.
    ///
    /// # Errors
    /// 505 while content is awaited.
    #[inline]
    pub const fn expect_method(&self) -> Result<(), AssemblyError> {
        match self.state {
            State::AwaitMethod | State::Complete => Ok(()),
            State::AwaitHeader => Err(AssemblyError::NotHeader),
            State::AwaitBody { .. } | State::Discard { .. } => Err(AssemblyError::NotBody),
        }
    }

    /// Whether no content is awaited and a body of so many octets is taken.
    #[inline]
    pub const fn admits(&self, body_size: usize) -> bool {
        self.expect_method().is_ok() && body_size as u64 <= self.max_message_size
    }

    /// Checks that a content header may come now.
    ///
    /// # Errors
    /// 505 when a method or a body is due.
    #[inline]
    pub const fn expect_header(&self) -> Result<(), AssemblyError> {
        match self.state {
            State::AwaitHeader => Ok(()),
            State::AwaitMethod | State::Complete => Err(AssemblyError::NoContentDue),
            State::AwaitBody { .. } | State::Discard { .. } => Err(AssemblyError::NotBody),
        }
    }

    /// Begins a message with its method. Names are short strings: at most 255 octets each.
    ///
    /// # Errors
    /// 505 while content is awaited.
    pub fn start(
        &mut self,
        exchange: &[u8],
        routing_key: &[u8],
        flags: PublishFlags,
    ) -> Result<(), AssemblyError> {
        self.expect_method()?;
        if self.record.capacity() > 2 * RESERVE_MAX {
            self.record = BytesMut::new();
        }
        self.record.clear();
        self.record.reserve(LENGTHS_SIZE + exchange.len() + routing_key.len() + 2);
        // The lengths are known with the header.
        self.record.put_bytes(0, LENGTHS_SIZE);
        for name in [exchange, routing_key] {
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            self.record.put_u8(length);
            self.record.put_slice(name.get(..usize::from(length)).unwrap_or_default());
        }
        self.flags = flags;
        self.state = State::AwaitHeader;
        Ok(())
    }

    /// Takes the content header: its fixed fields, and its whole payload.
    ///
    /// # Errors
    /// 505 when none is due or it is not one for `basic`, 501 when the announced body is longer
    /// than any may be, 540 for `immediate`.
    pub fn header(
        &mut self,
        fields: HeaderFields,
        payload: &[u8],
    ) -> Result<Progress, AssemblyError> {
        self.expect_header()?;
        let HeaderFields { class, weight, body_size } = fields;
        if weight != 0 {
            return Err(AssemblyError::NotHeader);
        }
        if !fields.is_basic() {
            return Err(AssemblyError::OtherClass(class));
        }
        let length = match usize::try_from(body_size) {
            Ok(length) if body_size <= BODY_SIZE_MAX => length,
            _ => return Err(AssemblyError::BodyTooLarge(body_size)),
        };
        if body_size > self.max_message_size {
            self.state = State::Discard { remaining: body_size, size: body_size };
            return Ok(Progress::More);
        }
        let address = self.record.len() - LENGTHS_SIZE;
        let lengths = Lengths::of(address, payload.len(), length);
        if let Some(front) = self.record.first_chunk_mut() {
            *front = lengths.octets();
        }
        self.record.reserve(payload.len() + length.min(self.reserve));
        self.record.put_slice(payload);
        if length > 0 {
            self.state = State::AwaitBody { size: self.record.len() + length };
            return Ok(Progress::More);
        }
        self.complete()
    }

    /// Takes a stretch of the body. An empty one is passed over.
    ///
    /// # Errors
    /// 505 when none is due, 501 when it is longer than what was announced, 540 for `immediate`;
    /// 406 at the end of a message that is larger than what the server takes.
    pub fn body(&mut self, payload: &[u8]) -> Result<Progress, AssemblyError> {
        match self.state {
            State::AwaitBody { .. } => {
                let missing = self.missing();
                let left = missing.checked_sub(payload.len()).ok_or(AssemblyError::BodyOverrun)?;
                self.grow(payload.len(), missing);
                self.record.put_slice(payload);
                if left > 0 { Ok(Progress::More) } else { self.complete() }
            }
            State::Discard { remaining, size } => {
                let left = remaining.checked_sub(payload.len() as u64);
                self.discard(left.ok_or(AssemblyError::BodyOverrun)?, size)
            }
            State::AwaitHeader => Err(AssemblyError::NotHeader),
            State::AwaitMethod | State::Complete => Err(AssemblyError::NoContentDue),
        }
    }

    /// Octets of the body that are due and will be kept; 0 while there are none.
    pub fn missing(&self) -> usize {
        match self.state {
            State::AwaitBody { size } => size - self.record.len(),
            _ => 0,
        }
    }

    /// Where octets of the body can be written before the end of their frame has come: room for
    /// some, at most for `most` and for those that are missing. Only [`Self::body`], with what is
    /// left of the frame or nothing, makes the message complete.
    pub fn room(&mut self, most: usize) -> Limit<&mut BytesMut> {
        let missing = self.missing();
        self.grow(missing.min(1), missing);
        let room = self.record.capacity() - self.record.len();
        (&mut self.record).limit(most.min(missing).min(room))
    }

    /// The message, once it is complete and until it is taken or the next one begins.
    pub fn published(&self) -> Option<Published<'_>> {
        if self.state != State::Complete {
            return None;
        }
        let message = MessageRef::read(&self.record)?;
        Some(Published { mandatory: self.flags.mandatory, message })
    }

    /// Takes the complete message with its buffer, and whether it is mandatory.
    pub fn take(&mut self) -> Option<(BytesMut, bool)> {
        if self.state != State::Complete {
            return None;
        }
        self.state = State::AwaitMethod;
        self.reserve = self.record.len().clamp(RESERVE_MAX, RESERVE_AGAIN_MAX);
        Some((std::mem::take(&mut self.record), self.flags.mandatory))
    }

    fn complete(&mut self) -> Result<Progress, AssemblyError> {
        if self.flags.immediate {
            self.state = State::AwaitMethod;
            return Err(AssemblyError::Immediate);
        }
        self.state = State::Complete;
        Ok(Progress::Complete)
    }

    fn discard(&mut self, left: u64, size: u64) -> Result<Progress, AssemblyError> {
        if left > 0 {
            self.state = State::Discard { remaining: left, size };
            return Ok(Progress::More);
        }
        self.state = State::AwaitMethod;
        if self.flags.immediate {
            return Err(AssemblyError::Immediate);
        }
        Err(AssemblyError::MessageTooLarge { size, max: self.max_message_size })
    }

    /// Makes room for `now` octets of those that are `missing`, by growing eightfold but never
    /// beyond these.
    fn grow(&mut self, now: usize, missing: usize) {
        let room = self.record.capacity() - self.record.len();
        if now > room {
            let more = (7 * self.record.len()).max(now).min(missing);
            // Not `reserve`, which rounds up to a power of two.
            let mut larger = BytesMut::with_capacity(self.record.len() + more);
            larger.put_slice(&self.record);
            self.record = larger;
        }
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
