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
            Value::Float(value) => float(value.into(), f),
            Value::Double(value) => float(value, f),
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

/// From here on Erlang always writes an exponent: above it, not every whole number is a float.
const TWO_TO_53: f64 = 9_007_199_254_740_992.0;

/// The shortest digits that give the number again, with an exponent where that is shorter
/// (Erlang: `float_to_list(Float, [short])`). What is no number cannot stand in a term, and is
/// written as Rust does.
fn float(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return write!(f, "{value:?}");
    };
    let exponent: i32 = exponent.parse().map_err(|_| fmt::Error)?;
    let digits_after_first = digits.split_once('.').map_or(0, |(_, rest)| rest.len());
    let before_exponent = if digits_after_first == 0 { 2 } else { 1 };
    let cost_of_exponent = before_exponent + 1 + exponent.to_string().len();
    let cost_without = match exponent {
        ..-1 => exponent.unsigned_abs() as usize + 1,
        _ => (exponent.unsigned_abs() as usize + 2).saturating_sub(digits_after_first),
    };
    match cost_without <= cost_of_exponent && value.abs() < TWO_TO_53 {
        true => write!(f, "{value:?}"),
        false if digits_after_first == 0 => write!(f, "{digits}.0e{exponent}"),
        false => f.write_str(&scientific),
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

    /// What `io_lib:format("~tp", ...)` wrote in Erlang/OTP 29.
    #[test]
    fn floats_are_as_long_as_in_erlang() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (500.0, "500.0"),
            (1000.0, "1.0e3"),
            (-2000.0, "-2.0e3"),
            (12_000.0, "1.2e4"),
            (120_000.0, "1.2e5"),
            (99_999.0, "99999.0"),
            (123.456, "123.456"),
            (1_234_567.0, "1234567.0"),
            (0.1, "0.1"),
            (0.05, "0.05"),
            (0.0001, "0.0001"),
            (0.001_234_5, "0.0012345"),
            (0.000_123_45, "1.2345e-4"),
            (1e-10, "1.0e-10"),
            (1e15, "1.0e15"),
            (1_234_567_890_123_456.0, "1234567890123456.0"),
            (9_007_199_254_740_990.0, "9007199254740990.0"),
            (9_007_199_254_740_992.0, "9.007199254740992e15"),
            (36_028_797_018_963_968.0, "3.602879701896397e16"),
            (1.5e300, "1.5e300"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(Term(Value::Double(value)).to_string(), text);
        }
        assert_eq!(Term(Value::Float(0.1)).to_string(), "0.10000000149011612");
    }
}
