//! One value as it was given, and what a setting makes of it.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::Unfit;
use super::unit::{parse_duration, parse_size};
use super::{Confirm, LogLevel, Watermark};

/// A value, typed as far as its source knows types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text of the environment or the command line, where the setting decides about the type.
    Word(&'a str),
    /// A TOML string.
    Text(Cow<'a, str>),
    /// A TOML integer.
    Integer(i64),
    /// A TOML float.
    Float(f64),
    /// A TOML boolean.
    Bool(bool),
    /// A TOML array.
    List(Vec<Self>),
    /// Another TOML type, by its name.
    Other(&'static str),
}

impl Value<'_> {
    /// Any text but the empty one.
    ///
    /// # Errors
    /// Another type, or empty.
    pub fn text(&self) -> Result<String, Unfit> {
        match self.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(self.unfit("a text")),
        }
    }

    /// A list of texts; in a variable they are separated by commas, and the empty one is an empty
    /// list.
    ///
    /// # Errors
    /// Another type.
    pub fn texts(&self) -> Result<Vec<String>, Unfit> {
        self.items("a list of texts", |item| item.text().ok())
    }

    /// One or more of `choices`.
    ///
    /// # Errors
    /// Another type, an empty list, or a text that is not among them.
    pub fn some_of(&self, choices: &[&str]) -> Result<Vec<String>, Unfit> {
        let expected = format!("a list of {}", choices.join(", "));
        let chosen = self.items(&expected, |item| {
            item.text().ok().filter(|text| choices.contains(&text.as_str()))
        })?;
        if chosen.is_empty() { Err(self.unfit(expected)) } else { Ok(chosen) }
    }

    /// One or more addresses; a bare port stands for that port on all interfaces.
    ///
    /// # Errors
    /// Another type, an empty list, or not an address.
    pub fn addresses(&self) -> Result<Vec<SocketAddr>, Unfit> {
        let expected = r#"a list of addresses such as "[::]:5672" or "127.0.0.1:5672""#;
        let addresses = self.items(expected, |item| parse_address(item.as_str()?))?;
        if addresses.is_empty() { Err(self.unfit(expected)) } else { Ok(addresses) }
    }

    /// A whole number within `range`.
    ///
    /// # Errors
    /// Another type, or out of range.
    pub fn integer<T: TryFrom<i64>>(&self, range: RangeInclusive<i64>) -> Result<T, Unfit> {
        let number = match self {
            Self::Word(word) => word.parse().ok(),
            Self::Integer(number) => Some(*number),
            _ => None,
        };
        number
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| {
                self.unfit(format!("a whole number from {} to {}", range.start(), range.end()))
            })
    }

    /// A number of at least 1, or `infinity` for no limit.
    ///
    /// # Errors
    /// Another type, or out of range.
    pub fn limit(&self) -> Result<Option<u32>, Unfit> {
        if self.as_str() == Some("infinity") {
            return Ok(None);
        }
        self.integer(1..=u32::MAX.into())
            .map(Some)
            .map_err(|_| self.unfit(r#"a whole number from 1 up, or "infinity""#))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Another type, or another word.
    pub fn boolean(&self) -> Result<bool, Unfit> {
        match self {
            Self::Bool(value) => Ok(*value),
            Self::Word("true") => Ok(true),
            Self::Word("false") => Ok(false),
            _ => Err(self.unfit("true or false")),
        }
    }

    /// A duration of at least a millisecond.
    ///
    /// # Errors
    /// Another type, or no unit.
    pub fn duration(&self) -> Result<Duration, Unfit> {
        self.as_str()
            .and_then(parse_duration)
            .filter(|duration| !duration.is_zero())
            .ok_or_else(|| self.unfit(r#"a duration such as "10s" or "500ms""#))
    }

    /// A duration of at least a millisecond, or none for `off` and 0.
    ///
    /// # Errors
    /// Another type, or no unit.
    pub fn duration_or_off(&self) -> Result<Option<Duration>, Unfit> {
        match self {
            Self::Integer(0) => Ok(None),
            _ if matches!(self.as_str(), Some("off" | "0")) => Ok(None),
            _ => self
                .duration()
                .map(Some)
                .map_err(|_| self.unfit(r#"a duration such as "30m" or "500ms", or "off""#)),
        }
    }

    /// A size in bytes, from 1 to `max`.
    ///
    /// # Errors
    /// Another type, an unknown unit, or out of range.
    pub fn size(&self, max: u64) -> Result<u64, Unfit> {
        self.bytes().filter(|bytes| (1..=max).contains(bytes)).ok_or_else(|| {
            let bound = if max == u64::MAX { String::new() } else { format!(" up to {max} bytes") };
            self.unfit(format!(r#"a size such as "128MiB" or "2GB"{bound}"#))
        })
    }

    /// A fraction from 0 to 1, or a size.
    ///
    /// # Errors
    /// Another type, or out of range.
    pub fn watermark(&self) -> Result<Watermark, Unfit> {
        let fraction = match self {
            Self::Word(word) => word.parse().ok(),
            Self::Float(fraction) => Some(*fraction),
            Self::Integer(0) => Some(0.0),
            Self::Integer(1) => Some(1.0),
            _ => None,
        };
        fraction
            .filter(|fraction| (0.0..=1.0).contains(fraction))
            .map(Watermark::Fraction)
            .or_else(|| self.bytes().map(Watermark::Bytes))
            .ok_or_else(|| self.unfit(r#"a fraction from 0.0 to 1.0, or a size such as "2GB""#))
    }

    /// A log level, under any of the names that RabbitMQ gives it.
    ///
    /// # Errors
    /// Another type, or another name.
    pub fn log_level(&self) -> Result<LogLevel, Unfit> {
        match self.as_str() {
            Some("none") => Ok(LogLevel::None),
            Some("error" | "critical" | "alert" | "emergency") => Ok(LogLevel::Error),
            Some("warning" | "warn") => Ok(LogLevel::Warning),
            Some("info" | "notice") => Ok(LogLevel::Info),
            Some("debug") => Ok(LogLevel::Debug),
            _ => Err(self.unfit("none, error, warning, info or debug")),
        }
    }

    /// When publishers are told.
    ///
    /// # Errors
    /// Not one of the two names.
    pub fn confirm(&self) -> Result<Confirm, Unfit> {
        match self.as_str() {
            Some("synced") => Ok(Confirm::Synced),
            Some("written") => Ok(Confirm::Written),
            _ => Err(self.unfit("synced or written")),
        }
    }

    fn as_str(&self) -> Option<&str> {
        match self {
            Self::Word(text) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn bytes(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            _ => parse_size(self.as_str()?),
        }
    }

    fn items<T>(
        &self,
        expected: &str,
        parse: impl Fn(&Value<'_>) -> Option<T>,
    ) -> Result<Vec<T>, Unfit> {
        let read = |item: &Value<'_>| parse(item).ok_or_else(|| item.unfit(expected));
        match self {
            Self::Word("") => Ok(Vec::new()),
            Self::Word(word) => {
                word.split(',').map(|item| read(&Value::Word(item.trim()))).collect()
            }
            Self::List(items) => items.iter().map(read).collect(),
            _ => Err(self.unfit(expected)),
        }
    }

    fn unfit(&self, expected: impl Into<String>) -> Unfit {
        let found = match self {
            Self::Word(text) => format!("{text:?}"),
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Bool(_) => "a boolean".to_owned(),
            Self::List(items) if items.is_empty() => "an empty list".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Other(kind) => format!("a {kind}"),
        };
        Unfit { expected: expected.into(), found }
    }
}

fn parse_address(text: &str) -> Option<SocketAddr> {
    let port =
        || text.parse().ok().map(|port| SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port));
    text.parse().ok().or_else(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.into())
    }

    #[test]
    fn a_duration_may_be_off() {
        let half_an_hour = Ok(Some(Duration::from_mins(30)));
        assert_eq!(text("30m").duration_or_off(), half_an_hour);
        assert_eq!(Value::Word("30m").duration_or_off(), half_an_hour);
        for off in [text("off"), Value::Word("off"), Value::Word("0"), Value::Integer(0)] {
            assert_eq!(off.duration_or_off(), Ok(None));
        }
        for wrong in [text("30"), text("0s"), Value::Integer(30), Value::Other("boolean")] {
            assert!(wrong.duration_or_off().is_err());
        }
    }

    #[test]
    fn a_variable_holds_a_list_as_words_between_commas() {
        let word = Value::Word("127.0.0.1:5672, [::1]:5673,5674");

        let addresses = word.addresses().unwrap();

        let expected = ["127.0.0.1:5672", "[::1]:5673", "[::]:5674"];
        assert_eq!(addresses, expected.map(|address| address.parse().unwrap()));
        assert_eq!(Value::Word("").texts(), Ok(vec![]));
    }

    #[test]
    fn a_boolean_is_true_or_false_and_nothing_else() {
        assert_eq!(Value::Bool(false).boolean(), Ok(false));
        assert_eq!(Value::Word("true").boolean(), Ok(true));
        let unfit = text("true").boolean().unwrap_err();
        assert_eq!(unfit.to_string(), r#"expected true or false, found "true""#);
        assert!(Value::Word("yes").boolean().is_err() && Value::Integer(1).boolean().is_err());
    }

    #[test]
    fn the_error_shows_the_item_that_does_not_fit() {
        let list = Value::List(vec![text("PLAIN"), text("MD5")]);

        let unfit = list.some_of(&["PLAIN", "AMQPLAIN"]).unwrap_err();

        assert_eq!(unfit.to_string(), r#"expected a list of PLAIN, AMQPLAIN, found "MD5""#);
    }

    #[test]
    fn a_file_keeps_types_apart() {
        assert!(text("60").integer::<u16>(0..=65535).is_err());
        assert!(Value::Integer(60).text().is_err());
        assert!(text("[::]:5672").addresses().is_err());
        assert!(Value::Integer(10).duration().is_err());
        assert_eq!(Value::Word("60").integer::<u16>(0..=65535), Ok(60));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(Value::Integer(65_536).integer::<u16>(0..=65535).is_err());
        assert!(Value::Integer(-1).integer::<u16>(0..=65535).is_err());
        assert!(Value::Integer(0).size(10).is_err());
        assert!(text("1GiB").size(512 << 20).is_err());
        assert!(Value::Float(1.5).watermark().is_err());
        assert!(text("0s").duration().is_err());
    }

    #[test]
    fn a_watermark_is_a_fraction_or_a_size() {
        assert_eq!(Value::Float(0.4).watermark(), Ok(Watermark::Fraction(0.4)));
        assert_eq!(Value::Word("0.4").watermark(), Ok(Watermark::Fraction(0.4)));
        assert_eq!(Value::Word("2GB").watermark(), Ok(Watermark::Bytes(2_000_000_000)));
        assert_eq!(text("1GiB").watermark(), Ok(Watermark::Bytes(1 << 30)));
        assert_eq!(Value::Integer(1).watermark(), Ok(Watermark::Fraction(1.0)));
    }

    #[test]
    fn no_limit_is_called_infinity() {
        assert_eq!(text("infinity").limit(), Ok(None));
        assert_eq!(Value::Word("100").limit(), Ok(Some(100)));
        assert!(Value::Integer(0).limit().is_err());
    }
}
