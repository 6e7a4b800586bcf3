//! Policies of the node's virtual hosts.

use std::fmt;
use std::sync::Arc;

use super::node::Node;
use crate::amqp::exception::Exception;
use crate::amqp::name::{InvalidName, PolicyName};
use crate::policy::checked::{Issuer, Policy};
use crate::policy::error::InvalidPolicy;
use crate::topology::error::Error;
use crate::vhost::Commit;
use crate::vhost::host::Vhost;

/// Why a policy is not set, cleared or listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// The policy makes no sense.
    Invalid(InvalidPolicy),
    /// There is no such virtual host.
    NoVhost(String),
    /// No policy has such a name.
    Name(InvalidName),
    /// The topology refuses it: there is no such policy.
    Refused(Error),
    /// It could not be made durable: why the data directory failed.
    NotDurable(String),
}

impl Node {
    /// Sets a policy in a virtual host.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn set_policy(&self, vhost: &str, policy: Arc<Policy>) -> Result<Commit, PolicyError> {
        self.vhost(vhost)?.set_policy(policy).map_err(PolicyError::Refused)
    }

    /// Takes a policy away.
    ///
    /// # Errors
    /// There is no such policy, or virtual host.
    pub fn clear_policy(
        &self,
        vhost: &str,
        issuer: Issuer,
        name: &str,
    ) -> Result<Commit, PolicyError> {
        let name = PolicyName::parse(name).map_err(PolicyError::Name)?;
        self.vhost(vhost)?.clear_policy(issuer, name).map_err(PolicyError::Refused)
    }

    /// The policies of one issuer in a virtual host, by name.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn policies(&self, vhost: &str, issuer: Issuer) -> Result<Vec<Arc<Policy>>, PolicyError> {
        Ok(self.vhost(vhost)?.policies().of(issuer).cloned().collect())
    }

    fn vhost(&self, name: &str) -> Result<Arc<Vhost>, PolicyError> {
        let found = self.vhosts.get(name.as_bytes()).map(|vhost| Arc::clone(&vhost));
        found.ok_or_else(|| PolicyError::NoVhost(name.to_owned()))
    }
}

impl From<InvalidPolicy> for PolicyError {
    fn from(invalid: InvalidPolicy) -> Self {
        Self::Invalid(invalid)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::NoVhost(name) => write!(f, "Virtual host '{name}' does not exist"),
            Self::Name(error) => error.fmt(f),
            Self::Refused(error) => f.write_str(&Exception::from(error.clone()).text),
            Self::NotDurable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for PolicyError {}
