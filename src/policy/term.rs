//! JSON values the way RabbitMQ's texts print them: as Erlang terms.

use std::fmt;

use serde_json::Value;

use crate::amqp::table;
use crate::amqp::term;

/// Prints a value as Erlang's `~tp` prints what RabbitMQ decoded it to.
pub(super) struct Term<'v>(pub(super) &'v Value);

/// Prints settings as a list of pairs.
pub(super) struct Pairs<'v>(pub(super) &'v [(&'v str, &'v Value)]);

impl fmt::Display for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::String(text) => binary(text, f),
            Value::Array(items) => {
                separated(f, "[", "]", items, |item, f| write!(f, "{}", Term(item)))
            }
            Value::Object(fields) => separated(f, "#{", "}", fields, |(key, value), f| {
                binary(key, f)?;
                write!(f, " => {}", Term(value))
            }),
        }
    }
}

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        separated(f, "[", "]", self.0, |(key, value), f| {
            f.write_str("{")?;
            binary(key, f)?;
            write!(f, ",{}}}", Term(value))
        })
    }
}

fn binary(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", term::Term(table::Value::LongStr(text.as_bytes())))
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    close: &str,
    items: impl IntoIterator<Item = T>,
    mut print: impl FnMut(T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (at, item) in items.into_iter().enumerate() {
        f.write_str(if at == 0 { "" } else { "," })?;
        print(item, f)?;
    }
    f.write_str(close)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_erlang_terms() {
        for (value, text) in [
            (json!(null), "null"),
            (json!(true), "true"),
            (json!(-1), "-1"),
            (json!(1.5), "1.5"),
            (json!("a\"b"), "<<\"a\\\"b\">>"),
            (json!(""), "<<>>"),
            (json!([1, "a"]), "[1,<<\"a\">>]"),
            (json!({"a": {"b": []}, "c": 1}), "#{<<\"a\">> => #{<<\"b\">> => []},<<\"c\">> => 1}"),
        ] {
            assert_eq!(Term(&value).to_string(), text);
        }
        let (one, text) = (json!(1), json!("x"));
        let pairs = [("foo", &one), ("größe", &text)];
        let expected = "[{<<\"foo\">>,1},{<<\"größe\"/utf8>>,<<\"x\">>}]";
        assert_eq!(Pairs(&pairs).to_string(), expected);
        assert_eq!(Pairs(&[]).to_string(), "[]");
    }
}
