//! Listens for clients and starts a task for each.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, error, warn};

use super::driver::Driver;
use super::life::Ends;
use super::peer::Peer;
use crate::broker::node::Node;
use crate::connection::settings::Settings;

/// How long accepting rests when the system is out of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An open port.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens a port. Where the host has no IPv6, `[::]` is all of IPv4.
    ///
    /// # Errors
    /// The address is taken, or not to be had.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let mut bound = TcpListener::bind(address).await;
        if address.is_ipv6() && address.ip().is_unspecified() {
            let no_ipv6 = |error: &io::Error| error.raw_os_error() == Some(EAFNOSUPPORT);
            if bound.as_ref().is_err_and(no_ipv6) {
                bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await;
            }
        }
        let listener = bound?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address it is bound to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections for as long as it is awaited.
    pub async fn serve(self, node: Arc<Node>, settings: Arc<Settings>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, client)) => {
                    if let Err(error) = greet(stream, client, &node, &settings) {
                        debug!("connection from {client} lost: {error}");
                    }
                }
                Err(error) => {
                    warn!("accepting on {} failed: {error}", self.address);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// The system has no such address family (Linux).
const EAFNOSUPPORT: i32 = 97;

fn greet(
    stream: TcpStream,
    client: SocketAddr,
    node: &Arc<Node>,
    settings: &Arc<Settings>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let ends = Ends { client, server: stream.local_addr()? };
    let peer = Peer::new(Arc::clone(node), Arc::clone(settings), ends);
    let driver = tokio::spawn(Driver::new(stream, peer).run());
    drop(tokio::spawn(async move {
        if let Err(death) = driver.await
            && death.is_panic()
        {
            error!("the task of connection {ends} died: {death}");
        }
    }));
    Ok(())
}
