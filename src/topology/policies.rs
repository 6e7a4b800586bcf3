//! Setting and clearing policies, and what follows for queues and exchanges that exist.

use std::sync::Arc;

use crate::amqp::name::PolicyName;
use crate::policy::checked::{Issuer, Policy, Target};
use crate::policy::policies::Policies;

use super::command::{Change, Outcome, PolicyChange};
use super::edit::Edit;
use super::effective::{effective, target};
use super::error::Error;
use super::state::Topology;

impl Topology {
    /// The policies that are set.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(super) fn set_policy(&mut self, policy: Arc<Policy>) -> Outcome {
        if self.policies.get(policy.issuer(), policy.name()) == Some(&policy) {
            return Outcome::default();
        }
        let before = self.policies.clone();
        let replaced = self.policies.set(Arc::clone(&policy));
        let mut edit = Edit::new(self);
        let touched = [Some(Arc::clone(&policy)), replaced.clone()];
        edit.changes.push(Change::PolicySet(PolicyChange { policy, replaced }));
        edit.reconfigure(&before, &touched);
        edit.finish()
    }

    pub(super) fn clear_policy(
        &mut self,
        issuer: Issuer,
        name: &PolicyName,
    ) -> Result<Outcome, Error> {
        let before = self.policies.clone();
        let cleared = self.policies.clear(issuer, name).ok_or(Error::NoPolicy)?;
        let mut edit = Edit::new(self);
        edit.changes.push(Change::PolicyCleared(Arc::clone(&cleared)));
        edit.reconfigure(&before, &[Some(cleared), None]);
        Ok(edit.finish())
    }
}

impl Edit<'_> {
    /// Takes over what the policies say now, where it is another than before and one of these
    /// matches or did.
    fn reconfigure(&mut self, before: &Policies, touched: &[Option<Arc<Policy>>; 2]) {
        let is_touched = |target, name: &str| {
            touched.iter().flatten().any(|policy| policy.matches(target, name))
        };
        for queue in self.topology.queues.values() {
            let (target, name) = (target(queue), queue.name.as_str());
            if is_touched(target, name)
                && self.topology.effective(queue)
                    != effective(queue, &before.definition(target, name))
            {
                self.changes.push(Change::QueueReconfigured(Arc::clone(queue)));
            }
        }
        let is_touched = |name: &str| is_touched(Target::Exchange, name);
        let names: Vec<_> = self.topology.exchanges.keys().cloned().collect();
        for name in names.iter().filter(|name| is_touched(name.as_str())) {
            self.take_alternate(name);
        }
    }
}
