//! A policy as somebody asks for it, before it is checked.

use serde_json::Value;

/// What a policy is to say. Its checked form is a [`Policy`](super::checked::Policy).
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its name among the policies of its kind in the virtual host, at most 255 octets.
    pub name: String,
    /// A regular expression, which is searched for in the names of queues and exchanges.
    pub pattern: String,
    /// What it applies to: `all`, `queues`, `exchanges`, `classic_queues`, `quorum_queues` or
    /// `streams`.
    pub apply_to: String,
    /// Of the policies that match, that of the highest priority counts.
    pub priority: i64,
    /// An object of settings by key; times are in milliseconds.
    pub definition: Value,
}

impl Draft {
    /// A policy for all queues and exchanges whose name matches, of priority 0.
    pub fn new(name: impl Into<String>, pattern: impl Into<String>, definition: Value) -> Self {
        let (name, pattern) = (name.into(), pattern.into());
        Self { name, pattern, apply_to: "all".to_owned(), priority: 0, definition }
    }

    /// The same for one kind of thing.
    #[must_use]
    pub fn apply_to(mut self, what: impl Into<String>) -> Self {
        self.apply_to = what.into();
        self
    }

    /// The same with another priority.
    #[must_use]
    pub const fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }
}
