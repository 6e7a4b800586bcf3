//! The property expiration: milliseconds to live, as text.

/// The longest time to live, in milliseconds: ten years (RabbitMQ: `?MAX_EXPIRY_TIMER`).
pub const EXPIRATION_MAX: i128 = 315_360_000_000;

/// Reads the milliseconds in `octets`.
///
/// # Errors
/// Anything but a number from 0 to [`EXPIRATION_MAX`], in the words of RabbitMQ's reply text
/// (`rabbit_basic:parse_expiration/1`, `rabbit_misc:check_expiry/1`).
pub fn parse_expiration(octets: &[u8]) -> Result<u64, String> {
    let text = String::from_utf8_lossy(octets);
    let digits_from = usize::from(text.starts_with(['+', '-']));
    let unsigned = text.get(digits_from..).unwrap_or_default();
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits_from + digits);
    let refuse = |why: String| Err(format!("invalid expiration '{text}': {why}"));
    if digits == 0 {
        return refuse("no_integer".to_owned());
    }
    if !rest.is_empty() {
        return refuse(format!("{{leftover_string,\"{rest}\"}}"));
    }
    match number.trim_start_matches('+').parse::<i128>() {
        Ok(value) if value < 0 => refuse(format!("{{value_negative,{value}}}")),
        Ok(value) if value <= EXPIRATION_MAX => Ok(u64::try_from(value).unwrap_or_default()),
        _ => refuse(format!("{{value_too_large,{number}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_up_to_ten_years_are_taken() {
        for (text, expected) in
            [("0", 0), ("010", 10), ("+5", 5), ("315360000000", 315_360_000_000)]
        {
            assert_eq!(parse_expiration(text.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn everything_else_is_refused_in_rabbitmqs_words() {
        let cases = [
            ("", "no_integer"),
            ("abc", "no_integer"),
            (" 5", "no_integer"),
            ("10x", "{leftover_string,\"x\"}"),
            ("-1", "{value_negative,-1}"),
            ("315360000001", "{value_too_large,315360000001}"),
        ];

        for (text, why) in cases {
            let expected = format!("invalid expiration '{text}': {why}");
            assert_eq!(parse_expiration(text.as_bytes()), Err(expected));
        }
    }
}
