//! Why a policy is refused, in RabbitMQ's words.

use std::fmt;

/// A policy that is refused, with everything that is wrong with it. Its text is RabbitMQ's:
/// a headline, an empty line, and a line for each fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPolicy {
    /// At least one.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which part of it.
    pub part: Part,
    /// What is wrong with that.
    pub text: String,
}

/// A part of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its settings.
    Definition,
    /// What it applies to.
    ApplyTo,
    /// Which names it applies to.
    Pattern,
    /// Its name.
    Name,
}

impl Part {
    /// The part's key in files and in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::ApplyTo => "apply-to",
            Self::Pattern => "pattern",
            Self::Name => "name",
        }
    }
}

impl InvalidPolicy {
    /// All faults in one line.
    pub fn line(&self) -> String {
        let texts: Vec<_> = self.faults.iter().map(|fault| fault.text.as_str()).collect();
        texts.join("; ")
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Validation failed\n\n")?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{}", fault.text))
    }
}

impl std::error::Error for InvalidPolicy {}
