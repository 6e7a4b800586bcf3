//! Policies of a running broker.

use std::sync::Arc;

use tokio::select;

use super::builder::done;
use super::running::Broker;
use crate::broker::policies::PolicyError;
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;
use crate::vhost::Commit;

impl Broker {
    /// Sets a policy in a virtual host, in place of one of that name. It holds at once, and
    /// returns when it is durable.
    ///
    /// # Errors
    /// It makes no sense, in RabbitMQ's words; there is no such virtual host; the data directory
    /// has failed.
    pub async fn set_policy(&self, vhost: &str, policy: &Draft) -> Result<(), PolicyError> {
        self.set(vhost, Issuer::User, policy).await
    }

    /// Takes a policy away. One from a configuration file comes back with the next start.
    ///
    /// # Errors
    /// There is no such policy, or virtual host; the data directory has failed.
    pub async fn clear_policy(&self, vhost: &str, name: &str) -> Result<(), PolicyError> {
        self.clear(vhost, Issuer::User, name).await
    }

    /// The policies of a virtual host, by name.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn list_policies(&self, vhost: &str) -> Result<Vec<Arc<Policy>>, PolicyError> {
        self.node().policies(vhost, Issuer::User)
    }

    /// Sets an operator policy, as [`Self::set_policy`] does a policy.
    ///
    /// # Errors
    /// Those of [`Self::set_policy`].
    pub async fn set_operator_policy(
        &self,
        vhost: &str,
        policy: &Draft,
    ) -> Result<(), PolicyError> {
        self.set(vhost, Issuer::Operator, policy).await
    }

    /// Takes an operator policy away, as [`Self::clear_policy`] does a policy.
    ///
    /// # Errors
    /// Those of [`Self::clear_policy`].
    pub async fn clear_operator_policy(&self, vhost: &str, name: &str) -> Result<(), PolicyError> {
        self.clear(vhost, Issuer::Operator, name).await
    }

    /// The operator policies of a virtual host, by name.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn list_operator_policies(&self, vhost: &str) -> Result<Vec<Arc<Policy>>, PolicyError> {
        self.node().policies(vhost, Issuer::Operator)
    }

    async fn set(&self, vhost: &str, issuer: Issuer, policy: &Draft) -> Result<(), PolicyError> {
        let policy = Policy::new(issuer, Source::Stored, policy)?;
        self.durable(&self.node().set_policy(vhost, Arc::new(policy))?).await
    }

    async fn clear(&self, vhost: &str, issuer: Issuer, name: &str) -> Result<(), PolicyError> {
        self.durable(&self.node().clear_policy(vhost, issuer, name)?).await
    }

    async fn durable(&self, commit: &Commit) -> Result<(), PolicyError> {
        select! {
            biased;
            () = done(commit) => Ok(()),
            why = self.failed() => Err(PolicyError::NotDurable(why)),
        }
    }
}
