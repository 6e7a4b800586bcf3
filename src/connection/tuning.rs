//! The limits that both sides agree on (spec 1.4.2.5; RabbitMQ:
//! `rabbit_reader:validate_negotiated_integer_value/3`). The client decides within the server's
//! limits; its heartbeat interval is taken whatever it is.

use std::fmt;
use std::time::Duration;

use super::settings::{FRAME_MIN_SIZE, Settings};
use crate::amqp::exception::Exception;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// The largest frame, in octets.
    pub frame_max: u32,
    /// How many channels there may be; 0 is no limit.
    pub channel_max: u16,
    /// The heartbeat interval; absent when there are none.
    pub heartbeat: Option<Duration>,
}

/// What a client asks for in `tune-ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The largest frame, in octets; 0 is no limit.
    pub frame_max: u32,
    /// How many channels; 0 is no limit.
    pub channel_max: u16,
    /// The heartbeat interval in seconds; 0 is none.
    pub heartbeat: u16,
}

/// A wish outside the server's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TuningError {
    /// Below what the protocol allows.
    TooLow {
        /// The limit's name on the wire.
        field: &'static str,
        /// What the client asked for.
        wish: u32,
        /// The least it may ask for.
        min: u32,
    },
    /// Above what the server allows.
    TooHigh {
        /// The limit's name on the wire.
        field: &'static str,
        /// What the client asked for; 0 is no limit.
        wish: u32,
        /// The most it may ask for.
        max: u32,
    },
}

impl fmt::Display for TuningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLow { field, wish, min } => write!(
                f,
                "negotiated {field} = {wish} is lower than the minimum allowed value ({min})"
            ),
            Self::TooHigh { field, wish, max } => {
                let unlimited = *field == "channel_max" && *wish == 0;
                let note = if unlimited { " (no limit)" } else { "" };
                write!(
                    f,
                    "negotiated {field} = {wish}{note} is higher than the maximum allowed value \
                     ({max})"
                )
            }
        }
    }
}

impl std::error::Error for TuningError {}

impl From<TuningError> for Exception {
    fn from(error: TuningError) -> Self {
        Self::new(ReplyCode::NotAllowed, error.to_string()).caused_by(MethodId::CONNECTION_TUNE_OK)
    }
}

impl Tuning {
    /// What holds until the client has answered `tune`.
    pub(super) fn initial(settings: &Settings) -> Self {
        Self {
            frame_max: settings.initial_frame_max,
            channel_max: settings.channel_max,
            heartbeat: None,
        }
    }

    /// Grants the wish.
    ///
    /// # Errors
    /// 530 when it is outside the server's limits.
    pub fn negotiate(settings: &Settings, wish: Wish) -> Result<Self, TuningError> {
        let Wish { frame_max, channel_max, heartbeat } = wish;
        if frame_max != 0 && frame_max < FRAME_MIN_SIZE {
            return Err(TuningError::TooLow {
                field: "frame_max",
                wish: frame_max,
                min: FRAME_MIN_SIZE,
            });
        }
        check_max("frame_max", frame_max, settings.frame_max)?;
        check_max("channel_max", channel_max.into(), settings.channel_max.into())?;
        let heartbeat = (heartbeat > 0).then(|| Duration::from_secs(heartbeat.into()));
        Ok(Self { frame_max, channel_max, heartbeat })
    }
}

fn check_max(field: &'static str, wish: u32, max: u32) -> Result<(), TuningError> {
    if max != 0 && (wish == 0 || wish > max) {
        return Err(TuningError::TooHigh { field, wish, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: Wish = Wish { frame_max: 131_072, channel_max: 2_047, heartbeat: 60 };

    #[test]
    fn a_wish_within_the_limits_is_granted() {
        let settings = Settings::default();

        for wish in [
            WISH,
            Wish { frame_max: 4_096, ..WISH },
            Wish { channel_max: 1, ..WISH },
            Wish { heartbeat: 0, ..WISH },
            Wish { heartbeat: 120, ..WISH },
        ] {
            let tuning = Tuning::negotiate(&settings, wish).unwrap();

            assert_eq!((tuning.frame_max, tuning.channel_max), (wish.frame_max, wish.channel_max));
            assert_eq!(tuning.heartbeat.map_or(0, |h| h.as_secs()), u64::from(wish.heartbeat));
        }
    }

    #[test]
    fn a_wish_outside_the_limits_is_refused() {
        let cases = [
            (
                Wish { frame_max: 4_095, ..WISH },
                "frame_max = 4095 is lower than the minimum allowed value (4096)",
            ),
            (
                Wish { frame_max: 131_073, ..WISH },
                "frame_max = 131073 is higher than the maximum allowed value (131072)",
            ),
            (
                Wish { frame_max: 0, ..WISH },
                "frame_max = 0 is higher than the maximum allowed value (131072)",
            ),
            (
                Wish { channel_max: 2_048, ..WISH },
                "channel_max = 2048 is higher than the maximum allowed value (2047)",
            ),
            (
                Wish { channel_max: 0, ..WISH },
                "channel_max = 0 (no limit) is higher than the maximum allowed value (2047)",
            ),
        ];

        for (wish, text) in cases {
            let error = Tuning::negotiate(&Settings::default(), wish).unwrap_err();

            let exception = Exception::from(error);
            assert_eq!(exception.reply_text(), format!("NOT_ALLOWED - negotiated {text}"));
        }
    }

    #[test]
    fn no_limit_on_channels_is_granted_by_a_server_that_has_none() {
        let settings = Settings { channel_max: 0, ..Settings::default() };

        let tuning = Tuning::negotiate(&settings, Wish { channel_max: 0, ..WISH }).unwrap();

        assert_eq!(tuning.channel_max, 0);
    }
}
