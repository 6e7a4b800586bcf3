//! The client half: one request, one response.

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::protocol::{Request, Response};
use super::socket::user;

/// Where to look for the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The path of its socket.
    Path(PathBuf),
    /// A link in a directory where others may write: only a node of the own user or of root is
    /// trusted there.
    Link(PathBuf),
}

/// A connection to a node.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to the first of `places` where a node is.
    ///
    /// # Errors
    /// There is none: the reasons, one for each place.
    pub async fn connect(places: &[Place]) -> Result<Self, Vec<String>> {
        let mut reasons = Vec::new();
        for place in places {
            let (Place::Path(path) | Place::Link(path)) = place;
            match place.connect().await {
                Ok(stream) => return Ok(Self { stream: BufReader::new(stream) }),
                Err(error) => reasons.push(format!("{}: {error}", path.display())),
            }
        }
        Err(reasons)
    }

    /// Sends `request` and waits for the response.
    ///
    /// # Errors
    /// The connection fails, or what comes is no response.
    pub async fn ask(&mut self, request: Request) -> io::Result<Response> {
        let mut octets = serde_json::to_vec(&request)?;
        octets.push(b'\n');
        self.stream.write_all(&octets).await?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Waits until the node ends the connection.
    pub async fn closed(mut self) {
        let mut rest = [0; 64];
        while self.stream.read(&mut rest).await.is_ok_and(|octets| octets > 0) {}
    }
}

impl Place {
    async fn connect(&self) -> io::Result<UnixStream> {
        match self {
            Self::Path(path) => UnixStream::connect(path).await,
            Self::Link(path) => {
                let stream = UnixStream::connect(path).await?;
                let peer = stream.peer_cred()?.uid();
                if peer == 0 || user() == Some(peer) {
                    Ok(stream)
                } else {
                    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the node of another user"))
                }
            }
        }
    }
}
