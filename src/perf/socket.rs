//! A socket that never waits, bare or with TLS over it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// Octets to and from the broker. What would have to wait fails with `WouldBlock`.
#[derive(Debug)]
pub(super) enum Socket {
    Bare(TcpStream),
    Sealed(Box<Sealed>),
}

/// TLS over a socket.
#[derive(Debug)]
pub(super) struct Sealed {
    stream: TcpStream,
    tls: ClientConnection,
    /// Whether there may be octets that poll does not know of.
    has_more: bool,
}

impl Socket {
    /// Receives what there is, at most as much as `octets` takes; 0 at the end.
    #[inline]
    pub(super) fn receive(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bare(stream) => DontWait(stream).read(octets),
            Self::Sealed(sealed) => sealed.receive(octets),
        }
    }

    /// Takes what can be sent.
    #[inline]
    pub(super) fn send(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Bare(stream) => DontWait(stream).write(octets),
            Self::Sealed(sealed) => sealed.send(octets),
        }
    }

    /// Whether there may be octets to receive that poll does not know of.
    pub(super) fn has_more(&self) -> bool {
        matches!(self, Self::Sealed(sealed) if sealed.has_more)
    }

    /// Whether some of what was taken is still to be sent: [`Self::send`] goes on with it.
    pub(super) fn is_behind(&self) -> bool {
        matches!(self, Self::Sealed(sealed) if sealed.tls.wants_write())
    }

    /// What to poll.
    pub(super) fn stream(&self) -> &TcpStream {
        match self {
            Self::Bare(stream) => stream,
            Self::Sealed(sealed) => &sealed.stream,
        }
    }
}

impl Sealed {
    /// TLS with the server of that name. The handshake goes on with whatever is sent and received.
    pub(super) fn new(
        stream: TcpStream,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self { stream, tls, has_more: false })
    }

    fn receive(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            let free = octets.get_mut(filled..).unwrap_or_default();
            self.has_more = free.is_empty();
            if self.has_more {
                return Ok(filled);
            }
            let outcome = match self.tls.reader().read(free) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.take_in().map(|()| 0),
                // An end without a goodbye is told by what is missing.
                Ok(0) | Err(_) => return Ok(filled),
                opened => opened,
            };
            match outcome {
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock && filled > 0 => {
                    return Ok(filled);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads from the socket once, and answers what has to be answered.
    fn take_in(&mut self) -> io::Result<()> {
        self.tls.read_tls(&mut DontWait(&self.stream))?;
        let processed = self.tls.process_new_packets().map_err(io::Error::other);
        let flushed = self.flush();
        processed?;
        flushed
    }

    fn send(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.flush()?;
        if self.tls.wants_write() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = self.tls.writer().write(octets)?;
        self.flush()?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut DontWait(&self.stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads and writes without waiting.
struct DontWait<'a>(&'a TcpStream);

impl Read for DontWait<'_> {
    #[inline]
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        Ok(recv(self.0, octets, RecvFlags::DONTWAIT)?.0)
    }
}

impl Write for DontWait<'_> {
    #[inline]
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(send(self.0, octets, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
