//! The type `x-delayed-message` (community plug-in `rabbitmq-delayed-message-exchange`): messages
//! wait at the exchange for as long as their header `x-delay` says, and are routed then, as another
//! type does.

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{TableRef, Value};

use super::kind::{ExchangeKind, UnknownKind};

/// The header that says how long a message is to wait, in milliseconds.
pub const DELAY: &str = "x-delay";

/// The argument that says how the exchange routes.
const DELAYED_TYPE: &str = "x-delayed-type";

/// Why an exchange cannot route as its argument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidDelayedType {
    /// There is none, or it is no string.
    Missing,
    /// It is `x-delayed-message`.
    Itself,
    /// There is no such type.
    Unknown(UnknownKind),
}

/// How an exchange of that type routes: as its type says, or as another that its arguments name.
///
/// # Errors
/// The arguments name none.
pub fn routing_kind(
    kind: ExchangeKind,
    arguments: TableRef<'_>,
) -> Result<ExchangeKind, InvalidDelayedType> {
    if kind != ExchangeKind::Delayed {
        return Ok(kind);
    }
    let name = arguments.get(DELAYED_TYPE).and_then(Value::as_long_str);
    let name = String::from_utf8_lossy(name.ok_or(InvalidDelayedType::Missing)?);
    match ExchangeKind::parse(&name).map_err(InvalidDelayedType::Unknown)? {
        ExchangeKind::Delayed => Err(InvalidDelayedType::Itself),
        other => Ok(other),
    }
}

/// How long a message with these headers is to wait at such an exchange, in milliseconds; `None` if
/// not at all. Strings that are integers count, and fractions are cut off, as the plug-in has it.
pub fn delay(headers: Option<TableRef<'_>>) -> Option<u64> {
    let milliseconds = match headers?.get(DELAY)? {
        Value::Int(_, delay) => u64::try_from(delay).ok(),
        Value::LongStr(delay) => std::str::from_utf8(delay).ok()?.parse().ok(),
        Value::Float(delay) => whole(delay.into()),
        Value::Double(delay) => whole(delay),
        _ => None,
    };
    milliseconds.filter(|delay| *delay > 0)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is cut off on purpose, and neither negative nor larger than what fits"
)]
fn whole(delay: f64) -> Option<u64> {
    // Larger ones are not exact any more.
    const MAX: f64 = 9_007_199_254_740_992.0;
    (0.0..=MAX).contains(&delay).then_some(delay as u64)
}

/// The plug-in: `rabbit_exchange_type_delayed_message:validate/1`.
impl From<InvalidDelayedType> for Exception {
    fn from(invalid: InvalidDelayedType) -> Self {
        let text = match invalid {
            InvalidDelayedType::Unknown(unknown) => return unknown.into(),
            InvalidDelayedType::Missing => {
                "Invalid argument, 'x-delayed-type' must be an existing exchange type"
            }
            InvalidDelayedType::Itself => {
                "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'"
            }
        };
        Self::new(ReplyCode::PreconditionFailed, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::testing::table;

    #[test]
    fn an_exchange_routes_as_its_argument_says() {
        let of = |name: &str| {
            let arguments = table(&[(DELAYED_TYPE, Value::LongStr(name.as_bytes()))]);
            routing_kind(ExchangeKind::Delayed, arguments.as_ref())
        };

        assert_eq!(of("topic"), Ok(ExchangeKind::Topic));
        assert_eq!(of("x-delayed-message"), Err(InvalidDelayedType::Itself));
        assert!(matches!(of("foo"), Err(InvalidDelayedType::Unknown(_))));
        let number = table(&[(DELAYED_TYPE, Value::Int(b'I', 1))]);
        let missing = Err(InvalidDelayedType::Missing);
        assert_eq!(routing_kind(ExchangeKind::Delayed, number.as_ref()), missing);
        assert_eq!(routing_kind(ExchangeKind::Delayed, TableRef::default()), missing);
        assert_eq!(routing_kind(ExchangeKind::Fanout, number.as_ref()), Ok(ExchangeKind::Fanout));
    }

    #[test]
    fn a_delay_is_a_positive_number() {
        let of = |value| delay(Some(table(&[(DELAY, value)]).as_ref()));

        for (value, milliseconds) in [
            (Value::Int(b'I', 500), Some(500)),
            (Value::Int(b'l', 100_000_000_000), Some(100_000_000_000)),
            (Value::Int(b'I', 0), None),
            (Value::Int(b'I', -500), None),
            (Value::LongStr(b"1000"), Some(1000)),
            (Value::LongStr(b"-1000"), None),
            (Value::LongStr(b"soon"), None),
            (Value::Double(2.9), Some(2)),
            (Value::Float(7.0), Some(7)),
            (Value::Double(0.5), None),
            (Value::Double(f64::NAN), None),
            (Value::Double(f64::INFINITY), None),
            (Value::Bool(true), None),
        ] {
            assert_eq!(of(value), milliseconds, "{value:?}");
        }
        assert_eq!((delay(None), delay(Some(TableRef::default()))), (None, None));
    }
}
