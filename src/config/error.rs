//! Why settings were refused, in one line that names file, line and key.

use std::fmt;
use std::path::PathBuf;

/// A setting that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it stands.
    pub place: Place,
    /// The key with its section, `amqp.heartbeat`; empty where the text is not TOML at all.
    pub key: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a file, counted from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(String),
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not TOML, in the parser's words.
    Syntax(String),
    /// No such section; these exist.
    UnknownSection(Vec<&'static str>),
    /// No such key; these exist in the section.
    UnknownKey(Vec<&'static str>),
    /// A section's name with a value.
    NotASection,
    /// A table without a key that it needs.
    MissingKey,
    /// A policy that makes no sense, in RabbitMQ's words.
    Policy(String),
    /// A value that the key cannot take.
    Value(Unfit),
}

/// A value of the wrong type, or out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What the key takes.
    pub expected: String,
    /// What was given.
    pub found: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(name, line) => write!(f, "{}:{line}: ", name.display())?,
            Place::Variable(name) => write!(f, "{name}: ")?,
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        match &self.problem {
            Problem::Syntax(message) => f.write_str(message),
            Problem::UnknownSection(known) => {
                write!(f, "unknown section; there are {}", known.join(", "))
            }
            Problem::UnknownKey(known) => {
                write!(f, "unknown key; the section has {}", known.join(", "))
            }
            Problem::NotASection => f.write_str("expected a section with keys, found a value"),
            Problem::MissingKey => f.write_str("the key is missing"),
            Problem::Policy(text) => f.write_str(text),
            Problem::Value(unfit) => unfit.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}
