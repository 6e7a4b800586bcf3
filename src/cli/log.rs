//! Log lines on standard error, in the form that tools made for RabbitMQ's log read:
//!
//! ```text
//! 2026-11-20 09:37:19.854839+00:00 [info] <0.17.0> closing AMQP connection …
//! ```
//! Where RabbitMQ shows an Erlang process, the connection's number stands; 0 is the node.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use leveret::config::LogLevel;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The field whose value takes the place of the Erlang process.
const CONNECTION: &str = "connection";

/// Writes lines of `level` and above from here on.
pub(crate) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::None => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt().event_format(Line).with_writer(std::io::stderr);
    lines.with_max_level(level).init();
}

/// One event to a line.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        write_time(&mut writer, since.as_secs(), since.subsec_micros())?;
        let connection = if fields.connection.is_empty() { "0" } else { &fields.connection };
        write!(writer, " [{level}] <0.{connection}.0> ")?;
        write_escaped(&mut writer, &fields.message)?;
        write_escaped(&mut writer, &fields.others)?;
        writer.write_char('\n')
    }
}

#[derive(Default)]
struct Fields {
    connection: String,
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            CONNECTION => write!(self.connection, "{value:?}"),
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.others, " {name}={value:?}"),
        };
    }
}

/// UTC to the microsecond.
pub(super) fn write_time(out: &mut impl fmt::Write, seconds: u64, micros: u32) -> fmt::Result {
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    write!(out, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}+00:00")
}

/// The Gregorian date, so many days after 1970-01-01. Counts years from March, so that a leap day
/// comes last, and in eras of 400 years, which are all of 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// Names that clients choose stand in lines: a line break in one must not begin a line.
fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    for letter in text.chars() {
        if letter.is_control() {
            write!(out, "{}", letter.escape_default())?;
        } else {
            out.write_char(letter)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Buffer {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(log: impl FnOnce()) -> Vec<String> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let lines =
            tracing_subscriber::fmt().event_format(Line).with_writer(move || writer.clone());
        tracing::subscriber::with_default(lines.finish(), log);
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_has_time_level_connection_and_message() {
        let lines = lines(|| {
            tracing::info!(connection = 17, peer = "127.0.0.1:9", "accepting AMQP connection");
            tracing::warn!("memory resource limit alarm set on node {}", "rabbit@web");
        });

        assert_eq!(
            lines[0][32..],
            *" [info] <0.17.0> accepting AMQP connection peer=\"127.0.0.1:9\""
        );
        assert_eq!(
            lines[1][32..],
            *" [warning] <0.0.0> memory resource limit alarm set on node rabbit@web"
        );
    }

    #[test]
    fn a_line_break_in_a_name_begins_no_line() {
        let lines = lines(|| tracing::error!("user '{}'", "a\n2026-11-20 \u{1b}[31m"));

        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("user 'a\\n2026-11-20 \\u{1b}[31m'"));
    }

    #[test]
    fn a_time_is_a_date_of_the_gregorian_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00.000007+00:00"),
            (951_782_400, "2000-02-29 00:00:00.000007+00:00"),
            (1_709_251_199, "2024-02-29 23:59:59.000007+00:00"),
            (1_795_167_439, "2026-11-20 09:37:19.000007+00:00"),
            (4_107_542_400, "2100-03-01 00:00:00.000007+00:00"),
        ] {
            let mut text = String::new();
            write_time(&mut text, seconds, 7).unwrap();

            assert_eq!(text, expected);
        }
    }
}
