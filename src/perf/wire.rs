//! A socket with frames on it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::PerfError;
use super::socket::Socket;
use super::target::Target;
use crate::amqp::exception::Exception;
use crate::codec::frame::{Frame, OVERHEAD, Parsed, parse_frame};

/// Octets read at once, at least.
const READ_SIZE: usize = 256 << 10;

/// One connection's socket, and what was read of a frame that is not whole.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Socket,
    input: Vec<u8>,
    filled: usize,
    frame_max: u32,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) readable: bool,
    pub(super) writable: bool,
}

impl Wire {
    /// Connects.
    pub(super) fn connect(target: &Target<'_>) -> Result<Self, PerfError> {
        Ok(Self::new(target.connect()?))
    }

    /// Frames over a socket that is open.
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, input: Vec::new(), filled: 0, frame_max: 131_072 }
    }

    /// Sets the largest frame, in octets.
    pub(super) fn set_frame_max(&mut self, frame_max: u32) {
        self.frame_max = frame_max;
    }

    /// Gives the read buffer back, for a connection that only rests from now on.
    pub(super) fn rest(&mut self) {
        self.input = Vec::new();
        self.filled = 0;
    }

    /// Reads once without waiting and hands every whole frame over. Returns whether anything came.
    pub(super) fn read(
        &mut self,
        take: impl FnMut(Frame<'_>) -> Result<(), PerfError>,
    ) -> Result<bool, PerfError> {
        let came = self.fill()?;
        if came {
            self.frames(take)?;
        }
        Ok(came)
    }

    /// Reads once without waiting. Returns whether anything came.
    pub(super) fn fill(&mut self) -> Result<bool, PerfError> {
        let size = READ_SIZE.max(self.frame_max as usize + OVERHEAD);
        self.input.resize(size, 0);
        let free = self.input.get_mut(self.filled..).unwrap_or_default();
        let read = match self.socket.receive(free) {
            Ok(0) => return Err(PerfError::Disconnected),
            Ok(read) => read,
            Err(error) if is_passing(&error) => return Ok(false),
            Err(error) => return Err(PerfError::Io("cannot read", error)),
        };
        self.filled += read;
        Ok(true)
    }

    /// Hands every whole frame over that has been read.
    pub(super) fn frames(
        &mut self,
        mut take: impl FnMut(Frame<'_>) -> Result<(), PerfError>,
    ) -> Result<(), PerfError> {
        let frame_max = self.frame_max;
        self.steps(|rest| match parse(rest, frame_max)? {
            Some((frame, octets)) => take(frame).map(|()| octets),
            None => Ok(0),
        })
    }

    /// Hands over what has been read and not taken yet, until nothing more is taken. `step` tells
    /// how many octets it took.
    pub(super) fn steps(
        &mut self,
        mut step: impl FnMut(&[u8]) -> Result<usize, PerfError>,
    ) -> Result<(), PerfError> {
        let mut rest = self.input.get(..self.filled).unwrap_or_default();
        loop {
            let octets = step(rest)?;
            if octets == 0 {
                break;
            }
            rest = rest.get(octets..).unwrap_or_default();
        }
        let left = rest.len();
        self.input.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        Ok(())
    }

    /// Writes what the socket takes without waiting; returns how many octets.
    pub(super) fn write(&mut self, octets: &[u8]) -> Result<usize, PerfError> {
        match self.socket.send(octets) {
            Ok(written) => Ok(written),
            Err(error) if is_passing(&error) => Ok(0),
            Err(error) => Err(PerfError::Io("cannot write", error)),
        }
    }

    /// Writes all of `octets`; what comes in meanwhile is handed over, so that neither side waits
    /// for the other. `go_on` is asked whenever nothing moved for a tenth of a second.
    pub(super) fn write_all(
        &mut self,
        mut octets: &[u8],
        mut take: impl FnMut(Frame<'_>) -> Result<(), PerfError>,
        go_on: impl Fn() -> bool,
    ) -> Result<(), PerfError> {
        loop {
            let written = match self.write(octets) {
                Ok(written) => written,
                Err(error) => return Err(self.why_closed(error)),
            };
            octets = octets.get(written..).unwrap_or_default();
            if octets.is_empty() && !self.socket.is_behind() {
                return Ok(());
            }
            let ready = self.wait(PollFlags::IN | PollFlags::OUT, Duration::from_millis(100))?;
            if ready.readable {
                self.read(&mut take)?;
            } else if !ready.writable && !go_on() {
                return Err(PerfError::Unexpected("nothing, and took nothing either".to_owned()));
            }
        }
    }

    /// Waits until there is something to read.
    pub(super) fn wait_readable(&self, timeout: Duration) -> Result<bool, PerfError> {
        Ok(self.wait(PollFlags::IN, timeout)?.readable)
    }

    fn wait(&self, flags: PollFlags, timeout: Duration) -> Result<Ready, PerfError> {
        if self.socket.has_more() {
            return Ok(Ready { readable: true, writable: false });
        }
        let mut fds = [PollFd::new(self.socket.stream(), flags)];
        let timeout = Timespec::try_from(timeout).ok();
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(PerfError::Io("cannot wait", error.into())),
        }
        let seen = fds[0].revents();
        let failed = seen.intersects(PollFlags::ERR | PollFlags::HUP);
        Ok(Ready {
            readable: failed || seen.contains(PollFlags::IN),
            writable: failed || seen.contains(PollFlags::OUT),
        })
    }

    /// What the broker said before it closed the socket, else `error`.
    fn why_closed(&mut self, error: PerfError) -> PerfError {
        let said = self.read(|frame| super::session::check(&frame));
        match said {
            Err(said @ PerfError::Closed { .. }) => said,
            _ => error,
        }
    }
}

/// The frame that `input` begins with, if it is whole, and its octets.
#[inline]
pub(super) fn parse(input: &[u8], frame_max: u32) -> Result<Option<(Frame<'_>, usize)>, PerfError> {
    match parse_frame(input, frame_max) {
        Ok(Parsed::Frame(frame, octets)) => Ok(Some((frame, octets))),
        Ok(Parsed::Incomplete { .. }) => Ok(None),
        Err(error) => Err(PerfError::Unexpected(Exception::from(error).reply_text())),
    }
}

/// Whether trying again later may help.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
