//! Where sessions connect to, and how.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::error::PerfError;
use super::options::Common;
use super::socket::{Sealed, Socket};
use super::trust;
use super::uri::{Scheme, Uri};

/// The broker of a run.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) uri: &'a Uri,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl<'a> Target<'a> {
    /// Reads the files that the options name.
    ///
    /// # Errors
    /// They are of no use, or without use.
    pub(super) fn new(options: &'a Common) -> Result<Self, PerfError> {
        let uri = &options.uri;
        let tls = match uri.scheme {
            Scheme::Amqps => {
                let unfit = |_| PerfError::Options(format!("--uri: no host: {}", uri.host()));
                let name = ServerName::try_from(uri.host().to_owned()).map_err(unfit)?;
                Some((trust::config(&options.tls)?, name))
            }
            Scheme::Amqp if options.tls.is_empty() => None,
            Scheme::Amqp => {
                let text = "--ca-file, --insecure, --cert, --key: only with amqps://";
                return Err(PerfError::Options(text.to_owned()));
            }
        };
        Ok(Self { uri, tls })
    }

    /// One without TLS.
    pub(super) const fn bare(uri: &'a Uri) -> Self {
        Self { uri, tls: None }
    }

    /// Opens a socket.
    pub(super) fn connect(&self) -> Result<Socket, PerfError> {
        self.try_connect().map_err(|error| PerfError::Io("cannot connect", error))
    }

    fn try_connect(&self) -> io::Result<Socket> {
        let stream = TcpStream::connect(&self.uri.address)?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            Some((config, name)) => {
                Socket::Sealed(Box::new(Sealed::new(stream, config, name.clone())?))
            }
            None => Socket::Bare(stream),
        })
    }
}
