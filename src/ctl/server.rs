//! The server half: answers requests for a [`Node`].

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::node::{Node, Tracing};
use super::protocol::{REQUEST_MAX, Request, Response};
use super::socket::{Socket, user};
use crate::broker::reports::NoVhost;

/// Connections served at once; others wait.
const CONNECTIONS_MAX: usize = 32;

/// How long a connection may go without a request.
const IDLE: Duration = Duration::from_mins(1);

/// Answers on `socket` until it is dropped; with it go the connections and the socket's paths. A
/// client that asked for a stop takes the end of its connection for the end of the node, so drop
/// this last.
pub async fn serve<N: Node>(socket: Socket, node: Arc<N>) {
    let mut connections = JoinSet::new();
    loop {
        match socket.listener.accept().await {
            Ok((stream, _)) if is_permitted(&stream) => {
                connections.spawn(answer(stream, Arc::clone(&node)));
            }
            Ok(_) => warn!("control connection of another user refused"),
            Err(error) => {
                // Out of file descriptors, as a rule: some will be free again.
                warn!("control socket: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
    }
}

/// The socket's mode keeps others out already; this holds where a file system ignores modes.
fn is_permitted(stream: &UnixStream) -> bool {
    let peer = stream.peer_cred().map(|credentials| credentials.uid());
    peer.is_ok_and(|peer| peer == 0 || user().is_none_or(|own| peer == own))
}

async fn answer<N: Node>(stream: UnixStream, node: Arc<N>) {
    if let Err(error) = converse(stream, &*node).await {
        debug!("control connection: {error}");
    }
}

async fn converse<N: Node>(stream: UnixStream, node: &N) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(REQUEST_MAX as u64);
        if timeout(IDLE, limited.read_line(&mut line)).await?? == 0 {
            return Ok(());
        }
        let request = serde_json::from_str(&line);
        let response = match &request {
            Ok(request) => respond(request, node),
            Err(error) => Response::Refused { text: error.to_string() },
        };
        let mut octets = serde_json::to_vec(&response)?;
        octets.push(b'\n');
        writer.write_all(&octets).await?;
        match request {
            Ok(Request::Stop) => std::future::pending().await,
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
}

fn respond<N: Node>(request: &Request, node: &N) -> Response {
    match request {
        Request::Ping => Response::Pong { node: node.status().node },
        Request::Status => Response::Status(Box::new(node.status())),
        Request::Stop => {
            node.stop();
            Response::Stopping { node: node.status().node }
        }
        Request::TraceOn { vhost } => done(node, node.trace(vhost, Tracing::On)),
        Request::TraceOff { vhost } => done(node, node.trace(vhost, Tracing::Off)),
        Request::SetVmMemoryHighWatermark { to } => {
            node.set_memory_high_watermark(*to);
            done(node, Ok(()))
        }
        Request::SetDiskFreeLimit { to } => {
            node.set_disk_free_limit(*to);
            done(node, Ok(()))
        }
    }
}

fn done<N: Node>(node: &N, result: Result<(), NoVhost>) -> Response {
    match result {
        Ok(()) => Response::Done { node: node.status().node },
        Err(missing) => Response::Missing { text: missing.to_string() },
    }
}
