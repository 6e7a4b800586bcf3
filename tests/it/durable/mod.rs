//! What outlives the node: topology and users on a log of the test's own, messages in processes.

mod dead_letter;
mod end;
mod length;
mod messages;
mod paging;
mod past;
mod queue_expiry;
mod quorum;
mod restart;
mod simulation;
mod transaction;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};

use leveret::amqp::entry::InvalidEntry;
use leveret::amqp::name::QueueName;
use leveret::amqp::table::Table;
use leveret::auth::mechanism::Mechanism;
use leveret::auth::password::PasswordHash;
use leveret::auth::user::Users;
use leveret::broker::node::{Marks, Node};
use leveret::connection::settings::Settings;
use leveret::queue::core::Queue;
use leveret::server::listener::Listener;
use leveret::store::commit::{Commit, Completer};
use leveret::store::meta::{MemoryMeta, MetaChange, MetaLog};
use leveret::store::shared::Store;
use leveret::topology::command::Naming;
use leveret::vhost::host::DeclareQueue;
use tokio::runtime::Runtime;

use crate::raw::content::content;
use crate::raw::method::{
    BASIC_CONSUME_OK, BASIC_DELIVER, basic_consume, basic_publish, queue_declare,
};
use crate::raw::peer::{PATIENCE, Peer};

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// A node that keeps what is durable in `log`, started with `entries`.
fn node(log: Arc<dyn MetaLog>, entries: &Entries) -> Result<Node, InvalidEntry> {
    node_on(Store::in_memory(log), entries)
}

/// The same with messages in a log, too.
fn node_on(store: Store, entries: &Entries) -> Result<Node, InvalidEntry> {
    let mut node = Node::new(Users::new([]), vec![Mechanism::Plain], Marks::NEVER, None, store);
    let entries = entries.iter().map(|(key, value)| (&key[..], &value[..]));
    node.restore(entries, |_| Queue::new())?;
    let password = PasswordHash::new(b"guest", [1, 2, 3, 4]);
    assert!(node.bootstrap("guest", password, "/").unwrap().is_done());
    Ok(node)
}

/// Such a node, open for clients.
struct Served {
    address: SocketAddr,
    node: Arc<Node>,
    runtime: Runtime,
}

impl Served {
    fn start(log: Arc<dyn MetaLog>, entries: &Entries) -> Self {
        Self::serve(node(log, entries).unwrap())
    }

    fn serve(node: Node) -> Self {
        let node = Arc::new(node);
        let runtime = Runtime::new().unwrap();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = runtime.block_on(Listener::bind(any_port)).unwrap();
        let address = listener.address();
        runtime.spawn(listener.serve(Arc::clone(&node), Arc::new(Settings::default())));
        Self { address, node, runtime }
    }

    #[track_caller]
    fn connect(&self) -> Peer {
        Peer::connect(self.address)
    }

    /// Waits until the last connection has gone.
    fn expect_drained(&self) {
        let drained =
            async { tokio::time::timeout(PATIENCE, self.node.connections.drained()).await };
        self.runtime.block_on(drained).expect("connections end");
    }
}

/// Consumes from the queue `probe`, on channel 1.
fn listen(peer: &mut Peer, probe: &str) {
    let mut channel = peer.open(1);
    channel.call(&queue_declare(probe).exclusive());
    channel.send(&basic_consume(probe, "").no_ack());
    channel.peer().expect_method(1, BASIC_CONSUME_OK);
}

/// The next that the peer reads is a delivery, which somebody else sends now.
#[track_caller]
fn expect_no_answer(peer: &mut Peer, bystander: &mut Peer, probe: &str) {
    bystander.channel(1).publish(&basic_publish("", probe), &content(b"x"));
    peer.expect_method(1, BASIC_DELIVER);
    peer.expect_frame();
    peer.expect_frame();
}

/// A log whose commits are done when the test says so, from [`Self::hold`] on.
#[derive(Debug, Default)]
struct HeldLog {
    memory: MemoryMeta,
    state: Mutex<Held>,
    appended: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    is_holding: bool,
    completers: VecDeque<Completer>,
}

impl MetaLog for HeldLog {
    fn append(&self, changes: Vec<MetaChange>) -> Commit {
        let mut state = self.state.lock().unwrap();
        let done = self.memory.append(changes);
        if !state.is_holding {
            return done;
        }
        let (commit, completer) = Commit::pending();
        state.completers.push_back(completer);
        self.appended.notify_all();
        commit
    }
}

impl HeldLog {
    fn hold(&self) {
        self.state.lock().unwrap().is_holding = true;
    }

    /// How many commits are held back.
    fn held(&self) -> usize {
        self.state.lock().unwrap().completers.len()
    }

    /// Waits until one more commit is held back than are completed, and takes it.
    #[track_caller]
    fn take_one(&self) -> Completer {
        let state = self.state.lock().unwrap();
        let none = |held: &mut Held| held.completers.is_empty();
        let (mut state, _) = self.appended.wait_timeout_while(state, PATIENCE, none).unwrap();
        state.completers.pop_front().expect("something is appended")
    }
}

/// A client's queue that survives a restart.
fn durable_queue(name: &str, arguments: Table) -> DeclareQueue {
    DeclareQueue {
        name: QueueName::parse(name).unwrap(),
        naming: Naming::Client,
        durable: true,
        owner: None,
        auto_delete: false,
        arguments,
    }
}
