//! Octets as Erlang terms, the way RabbitMQ's error texts show them.

use std::fmt::{self, Write};

/// How many octets of a payload an error text shows.
const SNIPPET_MAX: usize = 16;

/// A binary as `io_lib` writes it with `~tp`: a string where every character is printable,
/// numbers otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Pretty<'a>(pub &'a [u8]);

/// A binary as `io_lib` writes it with `~w`: always numbers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a>(pub &'a [u8]);

/// The beginning of a payload, kept for an error text: `all octets = <<"abc">>` or
/// `first 16 octets = <<..>>` (RabbitMQ: `rabbit_reader:payload_snippet/1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snippet {
    octets: [u8; SNIPPET_MAX],
    payload_size: usize,
}

impl Snippet {
    /// Copies what an error text shows of `payload`.
    pub fn of(payload: &[u8]) -> Self {
        let mut octets = [0; SNIPPET_MAX];
        for (to, from) in octets.iter_mut().zip(payload) {
            *to = *from;
        }
        Self { octets, payload_size: payload.len() }
    }

    /// As [`Self::of`], where only the `front` of the payload is there; `None` when more of it
    /// would be shown.
    pub fn of_front(front: &[u8], payload_size: usize) -> Option<Self> {
        let shown = front.len() >= payload_size.min(SNIPPET_MAX);
        shown.then(|| Self { payload_size, ..Self::of(front) })
    }

    /// The size of the whole payload, in octets.
    pub const fn payload_size(&self) -> usize {
        self.payload_size
    }
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extent = if self.payload_size > SNIPPET_MAX { "first 16" } else { "all" };
        let shown = self.octets.get(..self.payload_size).unwrap_or(&self.octets);
        write!(f, "{extent} octets = {}", Pretty(shown))
    }
}

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<<")?;
        for (position, octet) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            write!(f, "{octet}")?;
        }
        f.write_str(">>")
    }
}

impl fmt::Display for Pretty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("<<>>");
        }
        match std::str::from_utf8(self.0) {
            Ok(text) if text.chars().all(is_printable) => {
                write_string(f, text.chars())?;
                f.write_str(if text.is_ascii() { ">>" } else { "/utf8>>" })
            }
            Err(_) if self.0.iter().copied().map(char::from).all(is_printable) => {
                write_string(f, self.0.iter().copied().map(char::from))?;
                f.write_str(">>")
            }
            _ => Numbers(self.0).fmt(f),
        }
    }
}

/// Erlang's printable characters in its default range, Latin-1
/// (OTP: `io_lib_pretty:printable_char/2`).
const fn is_printable(character: char) -> bool {
    matches!(character, '\u{8}'..='\r' | '\u{1b}' | ' '..='~' | '\u{a0}'..='\u{ff}')
}

fn write_string(f: &mut fmt::Formatter<'_>, characters: impl Iterator<Item = char>) -> fmt::Result {
    f.write_str("<<\"")?;
    for character in characters {
        match character {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\u{8}' => f.write_str("\\b"),
            '\t' => f.write_str("\\t"),
            '\n' => f.write_str("\\n"),
            '\u{b}' => f.write_str("\\v"),
            '\u{c}' => f.write_str("\\f"),
            '\r' => f.write_str("\\r"),
            '\u{1b}' => f.write_str("\\e"),
            other => f.write_char(other),
        }?;
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_octets_are_a_string_and_others_are_numbers() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "<<>>"),
            (b"abc", "<<\"abc\">>"),
            (b"\0\x0a\0\x32", "<<0,10,0,50>>"),
            (b"say \"hi\"\\\r\n\x1b", "<<\"say \\\"hi\\\"\\\\\\r\\n\\e\">>"),
            ("\u{e4}".as_bytes(), "<<\"\u{e4}\"/utf8>>"),
            (b"\xe4", "<<\"\u{e4}\">>"),
            ("\u{20ac}".as_bytes(), "<<226,130,172>>"),
            (b"a\x7f", "<<97,127>>"),
        ];

        for (octets, text) in cases {
            assert_eq!(Pretty(octets).to_string(), text);
        }
    }

    #[test]
    fn numbers_never_make_a_string() {
        assert_eq!(Numbers(b"ab").to_string(), "<<97,98>>");
        assert_eq!(Numbers(b"").to_string(), "<<>>");
    }

    #[test]
    fn a_snippet_shows_sixteen_octets_at_most() {
        assert_eq!(Snippet::of(b"").to_string(), "all octets = <<>>");
        assert_eq!(Snippet::of(&[0; 2]).to_string(), "all octets = <<0,0>>");
        assert_eq!(Snippet::of(&[b'x'; 16]).to_string(), "all octets = <<\"xxxxxxxxxxxxxxxx\">>");
        assert_eq!(
            Snippet::of(&[b'x'; 17]).to_string(),
            "first 16 octets = <<\"xxxxxxxxxxxxxxxx\">>"
        );
        assert_eq!(Snippet::of_front(&[b'x'; 16], 17), Some(Snippet::of(&[b'x'; 17])));
        assert_eq!(Snippet::of_front(&[b'x'; 15], 17), None);
    }
}
