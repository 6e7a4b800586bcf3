//! What an input makes client, server and clock do.
//!
//! ```text
//! settings: octet | steps: octet, operands        (see `Script::next`)
//! ```

use std::time::Duration;

use leveret::amqp::method::MethodId;

/// Methods that are asked for by number, so that chance need not find their ids.
const METHODS: [MethodId; 42] = [
    MethodId::CONNECTION_START_OK,
    MethodId::CONNECTION_SECURE_OK,
    MethodId::CONNECTION_TUNE_OK,
    MethodId::CONNECTION_OPEN,
    MethodId::CONNECTION_CLOSE,
    MethodId::CONNECTION_CLOSE_OK,
    MethodId::CONNECTION_UPDATE_SECRET,
    MethodId::CONNECTION_BLOCKED,
    MethodId::CHANNEL_OPEN,
    MethodId::CHANNEL_FLOW,
    MethodId::CHANNEL_FLOW_OK,
    MethodId::CHANNEL_CLOSE,
    MethodId::CHANNEL_CLOSE_OK,
    MethodId::CHANNEL_OPEN_OK,
    MethodId::ACCESS_REQUEST,
    MethodId::EXCHANGE_DECLARE,
    MethodId::EXCHANGE_DELETE,
    MethodId::EXCHANGE_BIND,
    MethodId::EXCHANGE_UNBIND,
    MethodId::QUEUE_DECLARE,
    MethodId::QUEUE_BIND,
    MethodId::QUEUE_PURGE,
    MethodId::QUEUE_DELETE,
    MethodId::QUEUE_UNBIND,
    MethodId::BASIC_QOS,
    MethodId::BASIC_CONSUME,
    MethodId::BASIC_CANCEL,
    MethodId::BASIC_CANCEL_OK,
    MethodId::BASIC_PUBLISH,
    MethodId::BASIC_DELIVER,
    MethodId::BASIC_GET,
    MethodId::BASIC_ACK,
    MethodId::BASIC_REJECT,
    MethodId::BASIC_NACK,
    MethodId::BASIC_RECOVER,
    MethodId::BASIC_RECOVER_ASYNC,
    MethodId::CONFIRM_SELECT,
    MethodId::TX_SELECT,
    MethodId::TX_COMMIT,
    MethodId::TX_ROLLBACK,
    MethodId::new(10, 255),
    MethodId::new(255, 10),
];

/// Channels that are spoken on.
const CHANNELS: [u16; 8] = [0, 1, 2, 3, 4, 5, 2_047, u16::MAX];

/// One thing that happens.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Octets come, whatever they are.
    Octets(&'a [u8]),
    /// A frame comes that ends where it says.
    Frame { kind: u8, channel: u16, payload: &'a [u8] },
    /// A method comes.
    Method { channel: u16, id: MethodId, arguments: &'a [u8] },
    /// A content header of class basic comes.
    Header { channel: u16, body_size: u64, properties: &'a [u8] },
    /// Time passes.
    Wait(Duration),
    /// The socket takes what was written.
    Sent,
    /// Memory runs low, or is there again.
    Alarm { raised: bool },
    /// The server ends a transaction's commit.
    EndCommit { channel: u16 },
    /// The server cancels all consumers of a channel.
    Cancel { channel: u16 },
    /// The server stops.
    Stop,
}

/// An input, read step by step.
pub(super) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        let (&octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(octet)
    }

    fn channel(&mut self) -> Option<u16> {
        Some(CHANNELS[usize::from(self.octet()?) % CHANNELS.len()])
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.octet()?, self.octet()?]))
    }

    /// As many octets as the next one says, or as there are.
    fn octets(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.octet()?).min(self.rest.len());
        let (octets, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(octets)
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        Some(match self.octet()? % 12 {
            0 => Step::Octets(self.octets()?),
            1 => Step::Frame {
                kind: self.octet()?,
                channel: self.channel()?,
                payload: self.octets()?,
            },
            2 | 3 => Step::Method {
                channel: self.channel()?,
                id: METHODS[usize::from(self.octet()?) % METHODS.len()],
                arguments: self.octets()?,
            },
            4 => Step::Header {
                channel: self.channel()?,
                body_size: self.short()?.into(),
                properties: self.octets()?,
            },
            5 => Step::Frame { kind: 3, channel: self.channel()?, payload: self.octets()? },
            6 => Step::Wait(Duration::from_millis(u64::from(self.short()?))),
            7 => Step::Sent,
            8 => Step::Alarm { raised: self.octet()? % 2 == 0 },
            9 => Step::EndCommit { channel: self.channel()? },
            10 => Step::Cancel { channel: self.channel()? },
            _ => Step::Stop,
        })
    }
}
