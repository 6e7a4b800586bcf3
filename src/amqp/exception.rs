//! What the peer did wrong, in the words it is told (spec 4.8.1).

use std::fmt;

use super::method::MethodId;
use super::reply_code::{ReplyCode, Scope};

/// The longest reply text, in octets: it travels as a short string.
const REPLY_TEXT_MAX: usize = 255;

/// Ends a channel or a connection. The peer reads `<CODE_NAME> - <text>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its scope decides which Close goes out.
    pub code: ReplyCode,
    /// The detail behind the code's name; empty where the name alone is sent.
    pub text: String,
    /// Class and method that caused it; absent is 0, 0 on the wire.
    pub method: Option<MethodId>,
}

impl Exception {
    /// An exception that names no method.
    pub fn new(code: ReplyCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), method: None }
    }

    /// The same exception, blamed on `method` unless one is named already.
    #[must_use]
    pub fn caused_by(mut self, method: MethodId) -> Self {
        self.method.get_or_insert(method);
        self
    }

    /// What it closes.
    pub const fn scope(&self) -> Scope {
        self.code.scope()
    }

    /// The reply text, cut to fit 255 octets with `...` at the end
    /// (RabbitMQ: `rabbit_binary_generator:map_exception/3`).
    pub fn reply_text(&self) -> String {
        let mut text = if self.text.is_empty() {
            self.code.name().to_owned()
        } else {
            format!("{} - {}", self.code.name(), self.text)
        };
        if text.len() > REPLY_TEXT_MAX {
            let mut end = REPLY_TEXT_MAX - 3;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("...");
        }
        text
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reply_text())
    }
}

impl std::error::Error for Exception {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character_and_ends_with_dots() {
        let exception = Exception::new(ReplyCode::NotFound, "ü".repeat(200));

        let text = exception.reply_text();

        assert!(text.len() <= 255 && text.len() > 250);
        assert!(text.starts_with("NOT_FOUND - ü") && text.ends_with("ü..."));
    }

    #[test]
    fn an_empty_text_leaves_the_bare_name() {
        let exception = Exception::new(ReplyCode::InternalError, "");

        assert_eq!(exception.reply_text(), "INTERNAL_ERROR");
    }
}
