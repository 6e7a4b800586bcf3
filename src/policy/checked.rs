//! A policy that makes sense.

use crate::amqp::name::PolicyName;

use super::definition::Definition;
use super::draft::Draft;
use super::error::{Fault, InvalidPolicy, Part};
use super::pattern::Pattern;

/// Who has set a policy. Names of the two are apart, and one of each is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// A user: a policy.
    User,
    /// The operator: an operator policy, which bounds those of users.
    Operator,
}

/// Where a policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was set while the broker ran, and is stored.
    Stored,
    /// A configuration file, which brings it again at every start.
    File,
}

/// What a policy can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An exchange.
    Exchange,
    /// A classic queue.
    ClassicQueue,
    /// A quorum queue.
    QuorumQueue,
}

/// What a policy applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyTo {
    /// Queues and exchanges.
    All,
    /// Queues of any type.
    Queues,
    /// Exchanges.
    Exchanges,
    /// Classic queues.
    ClassicQueues,
    /// Quorum queues.
    QuorumQueues,
    /// Streams.
    Streams,
}

/// A policy or an operator policy of a virtual host.
#[derive(Debug, PartialEq, Eq)]
pub struct Policy {
    issuer: Issuer,
    source: Source,
    name: PolicyName,
    pattern: Pattern,
    apply_to: ApplyTo,
    priority: i64,
    definition: Definition,
}

impl ApplyTo {
    const ALL: [Self; 6] = [
        Self::All,
        Self::Queues,
        Self::Exchanges,
        Self::ClassicQueues,
        Self::QuorumQueues,
        Self::Streams,
    ];

    /// RabbitMQ's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Queues => "queues",
            Self::Exchanges => "exchanges",
            Self::ClassicQueues => "classic_queues",
            Self::QuorumQueues => "quorum_queues",
            Self::Streams => "streams",
        }
    }

    /// RabbitMQ: `rabbit_policy:apply_to_validation/2`, whose text has these two spaces.
    fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|what| what.name() == name).ok_or_else(|| {
            format!(
                "apply-to '{name}' unrecognised; should be one of: 'queues', 'classic_queues', \
                 \u{20}'quorum_queues', 'streams', 'exchanges', or 'all'"
            )
        })
    }

    const fn includes(self, target: Target) -> bool {
        match self {
            Self::All => true,
            Self::Queues => matches!(target, Target::ClassicQueue | Target::QuorumQueue),
            Self::Exchanges => matches!(target, Target::Exchange),
            Self::ClassicQueues => matches!(target, Target::ClassicQueue),
            Self::QuorumQueues => matches!(target, Target::QuorumQueue),
            Self::Streams => false,
        }
    }
}

impl Policy {
    /// Checks a policy, whole (RabbitMQ: `rabbit_policy:validate/5`).
    ///
    /// # Errors
    /// All that is wrong with it, in the order in which RabbitMQ says it.
    pub fn new(issuer: Issuer, source: Source, draft: &Draft) -> Result<Self, InvalidPolicy> {
        let fault = |part| move |text| Fault { part, text };
        let definition = Definition::parse(issuer, &draft.definition);
        let apply_to = ApplyTo::parse(&draft.apply_to);
        let pattern = Pattern::parse(&draft.pattern);
        let name = PolicyName::parse(&draft.name);
        let checked = (
            definition.map_err(fault(Part::Definition)),
            apply_to.map_err(fault(Part::ApplyTo)),
            pattern.map_err(fault(Part::Pattern)),
            name.map_err(|why| fault(Part::Name)(why.to_string())),
        );
        match checked {
            (Ok(definition), Ok(apply_to), Ok(pattern), Ok(name)) => {
                let priority = draft.priority;
                Ok(Self { issuer, source, name, pattern, apply_to, priority, definition })
            }
            (definition, apply_to, pattern, name) => {
                let faults = [definition.err(), apply_to.err(), pattern.err(), name.err()];
                Err(InvalidPolicy { faults: faults.into_iter().flatten().collect() })
            }
        }
    }

    /// Who has set it.
    pub const fn issuer(&self) -> Issuer {
        self.issuer
    }

    /// Whether it has to survive a restart; one from a file comes back with that.
    pub const fn is_stored(&self) -> bool {
        matches!(self.source, Source::Stored)
    }

    /// Its name, among those of its issuer.
    pub const fn name(&self) -> &PolicyName {
        &self.name
    }

    /// The pattern, as it was written.
    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    /// What it applies to.
    pub const fn apply_to(&self) -> ApplyTo {
        self.apply_to
    }

    /// The highest of those that match counts.
    pub const fn priority(&self) -> i64 {
        self.priority
    }

    /// What it sets.
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Whether it applies to what has that name. A policy with a key that a type of queue does not
    /// support does not apply to such queues at all.
    pub fn matches(&self, target: Target, name: &str) -> bool {
        self.apply_to.includes(target)
            && self.definition.is_applicable(target)
            && self.pattern.is_in(name)
    }
}
