//! A socket with frames on it.

use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::error::PerfError;
use crate::amqp::exception::Exception;
use crate::codec::frame::{Frame, OVERHEAD, Parsed, parse_frame};

/// Octets read at once, at least.
const READ_SIZE: usize = 256 << 10;

/// One connection's socket, and what was read of a frame that is not whole.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
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
    /// Connects to `address`, a host and a port.
    pub(super) fn connect(address: &str) -> Result<Self, PerfError> {
        let stream =
            TcpStream::connect(address).map_err(|error| PerfError::Io("cannot connect", error))?;
        stream.set_nodelay(true).map_err(|error| PerfError::Io("cannot set TCP_NODELAY", error))?;
        Ok(Self { stream, input: Vec::new(), filled: 0, frame_max: 131_072 })
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
        mut take: impl FnMut(Frame<'_>) -> Result<(), PerfError>,
    ) -> Result<bool, PerfError> {
        let size = READ_SIZE.max(self.frame_max as usize + OVERHEAD);
        self.input.resize(size, 0);
        let free = self.input.get_mut(self.filled..).unwrap_or_default();
        let read = match recv(&self.stream, free, RecvFlags::DONTWAIT) {
            Ok((0, _)) => return Err(PerfError::Disconnected),
            Ok((read, _)) => read,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(error) => return Err(PerfError::Io("cannot read", error.into())),
        };
        self.filled += read;
        let mut rest = self.input.get(..self.filled).unwrap_or_default();
        loop {
            match parse_frame(rest, self.frame_max) {
                Ok(Parsed::Frame(frame, octets)) => {
                    take(frame)?;
                    rest = rest.get(octets..).unwrap_or_default();
                }
                Ok(Parsed::Incomplete { .. }) => break,
                Err(error) => {
                    let text = Exception::from(error).reply_text();
                    return Err(PerfError::Unexpected(text));
                }
            }
        }
        let left = rest.len();
        self.input.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        Ok(true)
    }

    /// Writes what the socket takes without waiting; returns how many octets.
    pub(super) fn write(&mut self, octets: &[u8]) -> Result<usize, PerfError> {
        match send(&self.stream, octets, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(written) => Ok(written),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(PerfError::Io("cannot write", error.into())),
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
            if octets.is_empty() {
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
        let mut fds = [PollFd::new(&self.stream, flags)];
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
