//! Policies of a virtual host at work.

use std::sync::Arc;

use super::host::Vhost;
use super::reporter::INTERNAL_USER;
use crate::amqp::name::PolicyName;
use crate::policy::checked::{Issuer, Policy};
use crate::policy::policies::Policies;
use crate::store::commit::Commit;
use crate::topology::command::Command;
use crate::topology::error::Error;

impl Vhost {
    /// Sets a policy, in place of one of its name. It holds at once.
    ///
    /// # Errors
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
    pub fn set_policy(&self, policy: Arc<Policy>) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::SetPolicy(policy), INTERNAL_USER)
    }

    /// Takes a policy away.
    ///
    /// # Errors
    /// There is none of that name: 404.
    pub fn clear_policy(&self, issuer: Issuer, name: PolicyName) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::ClearPolicy(issuer, name), INTERNAL_USER)
    }

    /// The policies that are set.
    pub fn policies(&self) -> Policies {
        self.declared.lock().topology.policies().clone()
    }
}
