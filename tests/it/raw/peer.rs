//! The peer itself: a blocking socket, the handshake, and expectations that read as protocol.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::close::{Close, Outcome, Scope};
use super::content::Content;
use super::login::Login;
use super::method::{
    CHANNEL_CLOSE_OK, CHANNEL_OPEN_OK, CONNECTION_CLOSE_OK, CONNECTION_OPEN_OK, CONNECTION_START,
    CONNECTION_TUNE, Method, MethodId, channel_close, channel_close_ok, channel_open,
    connection_close, connection_close_ok, connection_open,
};
use super::wire::{Frame, HEARTBEAT, frame};

/// The protocol header of AMQP 0-9-1.
pub const PROTOCOL_HEADER: &[u8] = b"AMQP\0\0\x09\x01";

/// How long a broker may take over an answer: long enough for a machine that is busy with others.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A client of which nothing lawful can be expected.
pub struct Peer {
    stream: TcpStream,
    input: Vec<u8>,
    /// What the broker offered in connection.tune, or agreed to.
    pub frame_max: u32,
    pub channel_max: u16,
    /// Octets of server-properties that are strings.
    pub server: Vec<(String, String)>,
    patience: Duration,
}

/// Why there is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFrame {
    Ended,
    Late,
}

impl Peer {
    /// Opens a socket and says nothing.
    #[track_caller]
    pub fn dial(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the broker accepts connections");
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            input: Vec::new(),
            frame_max: 4096,
            channel_max: 0,
            server: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// A connection that is open, logged in as guest.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &Login::default())
    }

    #[track_caller]
    pub fn connect_with(address: SocketAddr, login: &Login) -> Self {
        let mut peer = Self::dial(address);
        peer.start();
        peer.tune(login);
        peer.send(&connection_open(login.vhost));
        peer.expect_method(0, CONNECTION_OPEN_OK);
        peer
    }

    /// Sends the protocol header and reads connection.start.
    #[track_caller]
    pub fn start(&mut self) {
        self.octets(PROTOCOL_HEADER);
        let start = self.expect_method(0, CONNECTION_START);
        let mut arguments = start.arguments();
        assert_eq!(arguments.octets(2), [0, 9], "the protocol's version");
        self.server = arguments.strings_of_table();
    }

    /// Whether it talks to RabbitMQ 3.10.
    pub fn is_rabbitmq_3_10(&self) -> bool {
        let says = |key: &str, start: &str| {
            self.server.iter().any(|(name, value)| name == key && value.starts_with(start))
        };
        says("product", "RabbitMQ") && says("version", "3.10.")
    }

    /// Logs in, and agrees on the limits.
    #[track_caller]
    pub fn tune(&mut self, login: &Login) {
        self.send(&login.start_ok());
        self.expect_tune();
        self.send(&login.tune_ok(self.channel_max, self.frame_max));
        self.frame_max = login.frame_max.unwrap_or(self.frame_max);
        self.channel_max = login.channel_max.unwrap_or(self.channel_max);
    }

    #[track_caller]
    pub fn expect_tune(&mut self) {
        let tune = self.expect_method(0, CONNECTION_TUNE);
        let mut arguments = tune.arguments();
        (self.channel_max, self.frame_max) = (arguments.short(), arguments.long());
    }

    /// The address it talks to.
    pub fn address(&self) -> SocketAddr {
        self.stream.peer_addr().unwrap()
    }

    /// How long it waits for an answer from now on.
    pub const fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Writes octets as they are. A broker that has hung up already is found out when reading.
    pub fn octets(&mut self, octets: &[u8]) {
        let _ = self.stream.write_all(octets);
    }

    pub fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        self.octets(&frame(kind, channel, payload));
    }

    /// Sends a method on channel 0.
    pub fn send(&mut self, method: &Method) {
        self.channel(0).send(method);
    }

    /// The channel of that number, open or not.
    pub const fn channel(&mut self, number: u16) -> Channel<'_> {
        Channel { peer: self, number }
    }

    /// Opens a channel.
    #[track_caller]
    pub fn open(&mut self, number: u16) -> Channel<'_> {
        self.channel(number).send(&channel_open());
        self.expect_method(number, CHANNEL_OPEN_OK);
        self.channel(number)
    }

    /// Says that it will write no more; it still reads.
    pub fn finish_writing(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads octets that are no frames; fewer when the broker hangs up.
    pub fn read_octets(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + self.patience;
        while self.input.len() < count && self.fill(deadline).is_ok() {}
        let count = count.min(self.input.len());
        self.input.drain(..count).collect()
    }

    /// The next frame that is no heartbeat.
    ///
    /// # Errors
    /// The socket ended, or the broker took too long.
    #[track_caller]
    pub fn read_frame(&mut self) -> Result<Frame, NoFrame> {
        let deadline = Instant::now() + self.patience;
        loop {
            match Frame::take(&mut self.input) {
                Some(frame) if frame.kind == HEARTBEAT => {}
                Some(frame) => return Ok(frame),
                None => self.fill(deadline)?,
            }
        }
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), NoFrame> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NoFrame::Late);
        }
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut octets = [0; 16 * 1024];
        match self.stream.read(&mut octets) {
            Ok(0) => Err(NoFrame::Ended),
            Ok(count) => {
                self.input.extend(&octets[..count]);
                Ok(())
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(NoFrame::Late),
                ErrorKind::Interrupted => Ok(()),
                _ => Err(NoFrame::Ended),
            },
        }
    }

    /// Waits until there is a frame to read, or none will come.
    pub fn await_frame(&mut self) {
        let deadline = Instant::now() + self.patience;
        while Frame::take(&mut self.input.clone()).is_none() && self.fill(deadline).is_ok() {}
    }

    #[track_caller]
    pub fn expect_frame(&mut self) -> Frame {
        match self.read_frame() {
            Ok(frame) => frame,
            Err(why) => panic!("expected a frame: {why:?}"),
        }
    }

    /// The next frame is that method on that channel.
    #[track_caller]
    pub fn expect_method(&mut self, channel: u16, method: MethodId) -> Frame {
        let frame = self.expect_frame();
        let close = Close::read(&frame).map(|close| close.to_string()).unwrap_or_default();
        let got = (frame.channel, frame.method_id());
        assert_eq!(got, (channel, Some(method)), "{close}");
        frame
    }

    /// Reads on to the channel's open-ok, past what other channels still had to say.
    #[track_caller]
    pub fn skip_to_open_ok(&mut self, channel: u16) {
        loop {
            let frame = self.expect_frame();
            if frame.channel == channel || frame.channel == 0 {
                let got = (frame.channel, frame.method_id());
                return assert_eq!(got, (channel, Some(CHANNEL_OPEN_OK)));
            }
        }
    }

    /// The broker closes that channel, for this reason; the peer agrees.
    #[track_caller]
    pub fn expect_channel_close(&mut self, channel: u16, code: u16, text: &str, method: MethodId) {
        let frame = self.expect_frame();
        let expected = Close::new(Scope::Channel, code, text, method);
        assert_eq!((frame.channel, Close::read(&frame)), (channel, Some(expected)));
        self.channel(channel).send(&channel_close_ok());
    }

    /// The broker closes the connection, for this reason; the peer agrees.
    #[track_caller]
    pub fn expect_connection_close(&mut self, code: u16, text: &str, method: MethodId) {
        let frame = self.expect_frame();
        let expected = Close::new(Scope::Connection, code, text, method);
        assert_eq!((frame.channel, Close::read(&frame)), (0, Some(expected)));
        self.send(&connection_close_ok());
    }

    /// The broker has hung up: nothing more comes.
    #[track_caller]
    pub fn expect_eof(&mut self) {
        assert_eq!(self.read_frame(), Err(NoFrame::Ended));
    }

    /// What the broker says to all that was sent: the first close, or the end, or the close-ok to
    /// a close of ours. Anything else is passed over.
    pub fn outcome(&mut self) -> Outcome {
        loop {
            match self.read_frame() {
                Err(NoFrame::Ended) => return Outcome::Dropped,
                Err(NoFrame::Late) => return Outcome::Silence,
                Ok(frame) => match (Close::read(&frame), frame.method_id()) {
                    (Some(close), _) => return Outcome::Closed(close),
                    (None, Some(CONNECTION_CLOSE_OK | CHANNEL_CLOSE_OK)) => {
                        return Outcome::Accepted;
                    }
                    _ => {}
                },
            }
        }
    }

    /// Closes in order.
    #[track_caller]
    pub fn close(mut self) {
        self.send(&connection_close());
        assert_eq!(self.outcome(), Outcome::Accepted);
    }
}

/// A channel of a peer.
pub struct Channel<'a> {
    peer: &'a mut Peer,
    number: u16,
}

impl Channel<'_> {
    pub const fn number(&self) -> u16 {
        self.number
    }

    pub const fn peer(&mut self) -> &mut Peer {
        self.peer
    }

    pub fn send(&mut self, method: &Method) -> &mut Self {
        self.peer.octets(&method.frame(self.number));
        self
    }

    pub fn frame(&mut self, kind: u8, payload: &[u8]) -> &mut Self {
        self.peer.frame(kind, self.number, payload);
        self
    }

    /// Sends a method with content.
    pub fn publish(&mut self, method: &Method, content: &Content) -> &mut Self {
        self.send(method);
        let octets = content.frames(self.number, self.peer.frame_max as usize);
        self.peer.octets(&octets);
        self
    }

    /// Sends a method and reads its answer, which is the `-ok` of it.
    #[track_caller]
    pub fn call(&mut self, method: &Method) -> Frame {
        self.send(method);
        let (class, number) = method.id;
        let answer = if method.id == (40, 40) { 51 } else { number + 1 };
        self.peer.expect_method(self.number, (class, answer))
    }

    /// Closes it in order.
    #[track_caller]
    pub fn close(&mut self) {
        self.call(&channel_close());
    }
}
