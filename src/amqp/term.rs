//! Field values the way RabbitMQ's error texts print them: as Erlang terms.

use std::fmt;

use super::table::{TableRef, Value};

/// Prints a value as Erlang's `~tp` prints what RabbitMQ parsed it to.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a>(pub Value<'a>);

impl fmt::Display for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Bool(value) => value.fmt(f),
            Value::Int(_, value) => value.fmt(f),
            Value::Float(value) => write!(f, "{:?}", f64::from(value)),
            Value::Double(value) => write!(f, "{value:?}"),
            Value::Decimal(places, unscaled) => write!(f, "{{{places},{unscaled}}}"),
            Value::LongStr(octets) | Value::Binary(octets) => binary(octets, f),
            Value::Timestamp(seconds) => seconds.fmt(f),
            Value::Table(table) => fields(table, f),
            Value::Array(array) => {
                f.write_str("[")?;
                for (at, item) in array.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{{{},{}}}", item.type_name(), Self(item))?;
                }
                f.write_str("]")
            }
            Value::Void => f.write_str("undefined"),
        }
    }
}

fn fields(table: TableRef<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (at, (key, value)) in table.iter().enumerate() {
        f.write_str(if at == 0 { "{" } else { ",{" })?;
        binary(key, f)?;
        write!(f, ",{},{}}}", value.type_name(), Term(value))?;
    }
    f.write_str("]")
}

/// `<<"text">>`, or `<<1,2,3>>` when some octet cannot be shown.
fn binary(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match std::str::from_utf8(octets) {
        Ok("") => f.write_str("<<>>"),
        Ok(text) if !text.chars().any(char::is_control) => {
            let suffix = if text.is_ascii() { "" } else { "/utf8" };
            write!(f, "<<\"{}\"{suffix}>>", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        _ => {
            f.write_str("<<")?;
            for (at, octet) in octets.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                write!(f, "{comma}{octet}")?;
            }
            f.write_str(">>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_erlang_terms() {
        let table = TableRef::parse(b"\x01kS\0\0\0\x01v\x01iI\0\0\0\x05").unwrap();
        for (value, text) in [
            (Value::Bool(true), "true"),
            (Value::Int(b'I', -5), "-5"),
            (Value::Float(1.5), "1.5"),
            (Value::Double(1.0), "1.0"),
            (Value::Decimal(2, 314), "{2,314}"),
            (Value::LongStr(b"foo"), "<<\"foo\">>"),
            (Value::LongStr(b"a\"b\\"), "<<\"a\\\"b\\\\\">>"),
            (Value::LongStr("ü".as_bytes()), "<<\"ü\"/utf8>>"),
            (Value::LongStr(b""), "<<>>"),
            (Value::Binary(b"\x01\xff"), "<<1,255>>"),
            (Value::Timestamp(100), "100"),
            (Value::Table(table), "[{<<\"k\">>,longstr,<<\"v\">>},{<<\"i\">>,signedint,5}]"),
            (Value::Void, "undefined"),
        ] {
            assert_eq!(Term(value).to_string(), text);
        }
    }
}
