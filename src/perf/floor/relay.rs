//! What stands in for a broker: a thread that reads from one socket and writes to another.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, epoll, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustix::time::{ClockId, clock_gettime};

use crate::perf::error::PerfError;
use crate::perf::socket::Socket;
use crate::perf::wire::Wire;

/// Octets read at once at most, as brokers' clients and this tool do.
const READ_SIZE: usize = 256 << 10;

/// The relay's ends of two connections. What comes from one goes to the other.
#[derive(Debug)]
pub(super) struct Relay {
    sockets: [TcpStream; 2],
}

impl Relay {
    /// Opens it on loopback; returns its clients' ends as well.
    pub(super) fn open() -> Result<(Self, [Wire; 2]), PerfError> {
        let failed = |error| PerfError::Io("cannot set up the relay", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let connect = || {
            let client = TcpStream::connect(address).map_err(failed)?;
            client.set_nodelay(true).map_err(failed)?;
            let wire = Wire::new(Socket::Bare(client));
            let (socket, _) = listener.accept().map_err(failed)?;
            socket.set_nodelay(true).map_err(failed)?;
            Ok((socket, wire))
        };
        let ((one, one_wire), (other, other_wire)) = (connect()?, connect()?);
        Ok((Self { sockets: [one, other] }, [one_wire, other_wire]))
    }

    /// Relays until one of the clients closes its end; returns the CPU time that it took.
    pub(super) fn run(&self) -> Result<Duration, PerfError> {
        let before = cpu_time();
        self.relay().map_err(|error| PerfError::Io("the relay broke", error))?;
        Ok(cpu_time().saturating_sub(before))
    }

    /// Waits as a server waits that looks after many sockets.
    fn relay(&self) -> io::Result<()> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (number, socket) in (0..).zip(&self.sockets) {
            let data = epoll::EventData::new_u64(number);
            epoll::add(&epoll, socket, data, epoll::EventFlags::IN)?;
        }
        let mut buffer = vec![0; READ_SIZE];
        let mut events = Vec::with_capacity(self.sockets.len());
        let [one, other] = &self.sockets;
        loop {
            match epoll::wait(&epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in events.drain(..) {
                let (from, to) = if event.data.u64() == 0 { (one, other) } else { (other, one) };
                let read = match recv(from, &mut buffer[..], RecvFlags::DONTWAIT) {
                    Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(()),
                    Ok((read, _)) => read,
                    Err(Errno::AGAIN | Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                };
                write_all(to, buffer.get(..read).unwrap_or_default())?;
            }
        }
    }
}

fn write_all(to: &TcpStream, mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        match send(to, octets, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(written) => octets = octets.get(written..).unwrap_or_default(),
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(to, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            },
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// CPU time of this thread so far.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
