//! The pattern of a policy: a regular expression with look-ahead, look-behind and references back,
//! as RabbitMQ's (PCRE) has them.

use fancy_regex::{Error, ParseError, Regex, RegexBuilder};

/// The longest pattern, in octets (RabbitMQ: `rabbit_re`).
const OCTETS_MAX: usize = 1024;

/// Steps back after which a search is given up (RabbitMQ: `rabbit_re`).
const STEPS_BACK_MAX: usize = 50_000;

/// A pattern that is searched for in names; it need not match from beginning to end.
#[derive(Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles it (RabbitMQ: `rabbit_parameter_validation:regex/2`).
    ///
    /// # Errors
    /// It is too long, or no regular expression: where and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > OCTETS_MAX {
            return Err(format!("pattern must not exceed {OCTETS_MAX} bytes"));
        }
        let compiled = RegexBuilder::new(text).backtrack_limit(STEPS_BACK_MAX).build();
        compiled.map(Self).map_err(|error| {
            let (why, at) = explain(text, &error);
            format!("pattern should be regular expression but is invalid: {{{why:?},{at}}}")
        })
    }

    /// Whether it is found in `name`. A search that takes too many steps back finds nothing, as
    /// in RabbitMQ.
    pub fn is_in(&self, name: &str) -> bool {
        self.0.is_match(name).unwrap_or(false)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// What is wrong and at which octet, in the words of PCRE where it has some.
fn explain(text: &str, error: &Error) -> (String, usize) {
    match error {
        Error::ParseError(_, ParseError::InvalidClass) => {
            ("missing terminating ] for character class".to_owned(), text.len())
        }
        Error::ParseError(_, ParseError::UnclosedOpenParen) => {
            ("missing closing parenthesis".to_owned(), text.len())
        }
        Error::ParseError(at, ParseError::TargetNotRepeatable) => {
            ("quantifier does not follow a repeatable item".to_owned(), *at)
        }
        Error::ParseError(at, why) => (why.to_string(), *at),
        other => (other.to_string(), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_searched_and_looks_ahead() {
        for (pattern, name, expected) in [
            ("rder", "orders", true),
            ("", "anything", true),
            ("", "", true),
            ("^orders$", "orders.eu", false),
            (r"^orders\.", "orders.eu", true),
            (r"^(?!amq\.).*", "amq.gen-1", false),
            (r"^(?!amq\.).*", "orders", true),
            (r"(?<!dead)\.letters$", "dead.letters", false),
            (r"^(a|b)\1$", "aa", true),
            (r"^(a|b)\1$", "ab", false),
            ("^größe", "größe.1", true),
            ("Orders", "orders", false),
            ("(?i)Orders", "orders", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().is_in(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_search_without_end_finds_nothing() {
        let pattern = Pattern::parse(r"^(?:(a|aa)\1?)*b$").unwrap();
        let name = "a".repeat(255);

        assert!(pattern.0.is_match(&name).is_err(), "it is given up");
        assert!(!pattern.is_in(&name));
    }

    #[test]
    fn what_is_no_regular_expression_is_refused_as_erlang_does() {
        for (pattern, expected) in [
            ("^[a", r#"{"missing terminating ] for character class",3}"#),
            ("(a|b", r#"{"missing closing parenthesis",4}"#),
            ("*a", r#"{"quantifier does not follow a repeatable item",0}"#),
        ] {
            let expected =
                format!("pattern should be regular expression but is invalid: {expected}");
            assert_eq!(Pattern::parse(pattern).unwrap_err(), expected);
        }
        let long = Pattern::parse(&"a".repeat(1025)).unwrap_err();
        assert_eq!(long, "pattern must not exceed 1024 bytes");
        assert!(Pattern::parse(&"a".repeat(1024)).is_ok());
    }
}
