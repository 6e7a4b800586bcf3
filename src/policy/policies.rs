//! All policies of a virtual host, and which of them counts.

use std::sync::Arc;

use imbl::OrdMap;

use crate::amqp::name::PolicyName;

use super::checked::{Issuer, Policy, Target};
use super::definition::Definition;

/// The policies and the operator policies of one virtual host, by name. A clone costs O(1).
#[derive(Clone, Debug, Default)]
pub struct Policies {
    user: OrdMap<PolicyName, Arc<Policy>>,
    operator: OrdMap<PolicyName, Arc<Policy>>,
}

impl Policies {
    /// Those of one issuer, by name.
    pub fn of(&self, issuer: Issuer) -> impl Iterator<Item = &Arc<Policy>> {
        self.named(issuer).values()
    }

    /// The one of that name.
    pub fn get(&self, issuer: Issuer, name: &PolicyName) -> Option<&Arc<Policy>> {
        self.named(issuer).get(name)
    }

    /// Adds a policy; returns the one of the same name that it has replaced.
    pub fn set(&mut self, policy: Arc<Policy>) -> Option<Arc<Policy>> {
        self.named_mut(policy.issuer()).insert(policy.name().clone(), policy)
    }

    /// Takes a policy away.
    pub fn clear(&mut self, issuer: Issuer, name: &PolicyName) -> Option<Arc<Policy>> {
        self.named_mut(issuer).remove(name)
    }

    /// The one that counts for what has that name: of those that match, the one of the highest
    /// priority, and of equals the first by name (RabbitMQ: `rabbit_policy:match/3`, which leaves
    /// the choice among equals open).
    pub fn select(&self, issuer: Issuer, target: Target, name: &str) -> Option<&Arc<Policy>> {
        let matching = self.of(issuer).filter(|policy| policy.matches(target, name));
        matching.max_by(|a, b| a.priority().cmp(&b.priority()).then_with(|| b.name().cmp(a.name())))
    }

    /// What the policy and the operator policy that count set together.
    pub fn definition(&self, target: Target, name: &str) -> Definition {
        let policy = self.select(Issuer::User, target, name);
        let definition = policy.map_or_else(Definition::default, |it| it.definition().clone());
        match self.select(Issuer::Operator, target, name) {
            Some(operator) => definition.bounded_by(operator.definition()),
            None => definition,
        }
    }

    const fn named(&self, issuer: Issuer) -> &OrdMap<PolicyName, Arc<Policy>> {
        match issuer {
            Issuer::User => &self.user,
            Issuer::Operator => &self.operator,
        }
    }

    const fn named_mut(&mut self, issuer: Issuer) -> &mut OrdMap<PolicyName, Arc<Policy>> {
        match issuer {
            Issuer::User => &mut self.user,
            Issuer::Operator => &mut self.operator,
        }
    }
}
