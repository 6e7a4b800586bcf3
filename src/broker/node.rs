//! What all connections of a node share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;

use super::alarm::Alarm;
use super::connections::Connections;
use super::replies::Replies;
use crate::amqp::exception::Exception;
use crate::amqp::method::MethodId;
use crate::amqp::name::VhostName;
use crate::amqp::reply_code::ReplyCode;
use crate::auth::mechanism::{Mechanism, MechanismError};
use crate::auth::user::{LoginRefused, Origin, User, Users};
use crate::policy::checked::Policy;
use crate::store::shared::Store;
use crate::vhost::host::Vhost;
use crate::vhost::ids::Ids;
use crate::vhost::queue::Queue;
use crate::vhost::reporter::Reporter;

/// Amounts of resident memory, in bytes, above which something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Messages that are in memory alone leave it.
    pub page_out: u64,
    /// Publishers are blocked.
    pub high: u64,
}

impl Marks {
    /// None that is ever passed.
    pub const NEVER: Self = Self { page_out: u64::MAX, high: u64::MAX };

    /// Publishers wait for messages that leave memory.
    pub(super) const fn hold(self) -> u64 {
        self.page_out + self.high.saturating_sub(self.page_out) / 2
    }
}

/// The node.
#[derive(Debug)]
pub struct Node {
    /// Numbers for connections, consumers and queues.
    pub ids: Arc<Ids>,
    /// Who is connected.
    pub connections: Connections,
    /// Who consumes direct replies.
    pub replies: Arc<Replies>,
    /// Whether publishes are not read, for want of memory.
    pub alarm: Alarm,
    /// Whether publishes are not read until messages have left memory.
    pub(super) memory_held: AtomicBool,
    /// Whether publishes are not read, for want of disk space.
    pub(super) disk_low: AtomicBool,
    /// What is done about how much memory. Whoever acts upon it holds the lock meanwhile.
    pub(super) marks: Mutex<Marks>,
    /// Octets of free disk space below which publishes are not read, besides what the log keeps for
    /// itself. Whoever acts upon it holds the lock meanwhile.
    pub(super) disk_free_limit: Mutex<u64>,
    /// How many connections there may be.
    pub connections_max: Option<u32>,
    /// How long a delivery may wait for its acknowledgement where its queue does not say;
    /// without end if absent.
    pub consumer_timeout: Option<Duration>,
    pub(super) users: Users,
    mechanisms: Vec<Mechanism>,
    pub(super) vhosts: DashMap<VhostName, Arc<Vhost>>,
    /// Policies that virtual hosts have from their start, by the virtual host's name.
    pub(super) given: Vec<(String, Arc<Policy>)>,
    /// Where vhosts, users and topology are kept.
    pub(super) store: Store,
    /// Tells of what happens.
    pub reporter: Arc<Reporter>,
}

/// Why a login failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The client's answer cannot be taken.
    Mechanism(MechanismError),
    /// The user is not let in.
    Refused {
        /// The name given.
        user: String,
        /// Why; for the log.
        why: LoginRefused,
    },
}

/// Why a connection is not let into a virtual host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// The node has all the connections it may have.
    TooMany(u32),
    /// There is no such virtual host.
    NoVhost(String),
}

impl From<NotAdmitted> for Exception {
    fn from(refusal: NotAdmitted) -> Self {
        let text = match refusal {
            NotAdmitted::TooMany(max) => {
                format!("connection refused: node connection limit ({max}) is reached")
            }
            NotAdmitted::NoVhost(name) => format!("vhost {name} not found"),
        };
        Self::new(ReplyCode::NotAllowed, text).caused_by(MethodId::CONNECTION_OPEN)
    }
}

impl Node {
    /// A node with these users and no virtual host, whose durable things go to `log`. What was
    /// there before a restart comes with [`Self::restore`].
    pub fn new(
        users: Users,
        mechanisms: Vec<Mechanism>,
        marks: Marks,
        connections_max: Option<u32>,
        store: Store,
    ) -> Self {
        Self {
            ids: Arc::default(),
            connections: Connections::default(),
            replies: Arc::default(),
            alarm: Alarm::default(),
            memory_held: AtomicBool::new(false),
            disk_low: AtomicBool::new(false),
            marks: Mutex::new(marks),
            disk_free_limit: Mutex::new(0),
            connections_max,
            consumer_timeout: None,
            users,
            mechanisms,
            vhosts: DashMap::new(),
            given: Vec::new(),
            store,
            reporter: Arc::default(),
        }
    }

    /// The same node, with policies that virtual hosts of these names have from their start, in
    /// place of stored ones of the same names.
    #[must_use]
    pub fn with_policies(mut self, given: impl IntoIterator<Item = (String, Arc<Policy>)>) -> Self {
        self.given.extend(given);
        self
    }

    /// The same node, with a limit of free disk space.
    #[must_use]
    pub fn with_disk_free_limit(mut self, limit: u64) -> Self {
        self.disk_free_limit = Mutex::new(limit);
        self
    }

    /// Gives it a name, before it has any virtual host.
    #[must_use]
    pub fn named(mut self, name: String) -> Self {
        self.reporter = Arc::new(Reporter::new(name));
        self
    }

    /// Lets a connection that is among [`Self::connections`] into the virtual host of that name
    /// (RabbitMQ: `rabbit_reader:handle_method0/2`, connection.open).
    ///
    /// # Errors
    /// Too many connections, or no such virtual host: 530.
    pub fn admit(&self, vhost: &str) -> Result<Arc<Vhost>, NotAdmitted> {
        match self.connections_max {
            Some(max) if self.connections.len() > max as usize => Err(NotAdmitted::TooMany(max)),
            _ => {
                let found = self.vhosts.get(vhost.as_bytes()).map(|vhost| Arc::clone(&vhost));
                found.ok_or_else(|| NotAdmitted::NoVhost(vhost.to_owned()))
            }
        }
    }

    /// Has queues that came back begin with what they do of their own accord. It is called once, in
    /// the runtime that serves connections.
    pub fn begin(&self) {
        self.queues().iter().for_each(Queue::begin);
    }

    /// All queues of all virtual hosts.
    pub(super) fn queues(&self) -> Vec<Arc<Queue>> {
        self.vhosts.iter().flat_map(|vhost| vhost.queues()).collect()
    }

    /// How many virtual hosts there are.
    pub fn vhost_count(&self) -> usize {
        self.vhosts.len()
    }

    /// How many queues there are in all virtual hosts.
    pub fn queue_count(&self) -> usize {
        self.vhosts.iter().map(|vhost| vhost.queue_count()).sum()
    }

    /// Checks a client's answer to connection.start.
    ///
    /// # Errors
    /// It cannot be understood, or the user is not let in.
    pub fn login(
        &self,
        mechanism: &str,
        response: &[u8],
        origin: Origin,
    ) -> Result<User, LoginError> {
        let mechanism =
            Mechanism::select(mechanism, &self.mechanisms).map_err(LoginError::Mechanism)?;
        let credentials = mechanism.credentials(response).map_err(LoginError::Mechanism)?;
        self.users.login(credentials, origin).map_err(|why| {
            let user = String::from_utf8_lossy(credentials.user).into_owned();
            LoginError::Refused { user, why }
        })
    }
}
