//! The form of log lines, which tools made for RabbitMQ's log read, and their way to the exchange
//! `amq.rabbitmq.log`:
//!
//! ```text
//! 2026-11-20 09:37:19.854839+00:00 [info] <0.17.0> closing AMQP connection …
//! ```
//! Where RabbitMQ shows an Erlang process, the connection's number stands; 0 is the node.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::vhost::notices::is_publishing;
use crate::vhost::reporter::Reporter;

/// The field whose value takes the place of the Erlang process.
const CONNECTION: &str = "connection";

/// A layer of a program's subscriber that hands lines to the broker which has been given a clone of
/// it ([`Builder::log_lines`](super::builder::Builder::log_lines)). It never waits, and what is
/// logged while lines are published goes past it.
#[derive(Clone, Debug, Default)]
pub struct LogLines(Arc<OnceLock<Weak<Reporter>>>);

impl LogLines {
    /// Hands lines to this broker from now on, and to no other.
    pub(super) fn hand_to(&self, reporter: &Arc<Reporter>) {
        self.0.get_or_init(|| Arc::downgrade(reporter));
    }
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if is_publishing() {
            return;
        }
        let Some(reporter) = self.0.get().and_then(Weak::upgrade) else { return };
        reporter.log_line(level(event), || {
            let mut line = String::new();
            // Writing to a string does not fail.
            let _ = write_line(&mut line, event);
            line.push('\n');
            line
        });
    }
}

/// Writes an event as a line, without its end.
///
/// # Errors
/// Those of `out`.
pub fn write_line(out: &mut impl fmt::Write, event: &Event<'_>) -> fmt::Result {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    write_time(out, since.as_secs(), since.subsec_micros())?;
    let connection = if fields.connection.is_empty() { "0" } else { &fields.connection };
    write!(out, " [{}] <0.{connection}.0> ", level(event))?;
    write_escaped(out, &fields.message)?;
    write_escaped(out, &fields.others)
}

/// RabbitMQ's name for the event's level.
fn level(event: &Event<'_>) -> &'static str {
    match *event.metadata().level() {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        _ => "debug",
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
///
/// # Errors
/// Those of `out`.
pub fn write_time(out: &mut impl fmt::Write, seconds: u64, micros: u32) -> fmt::Result {
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
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::amqp::id::ConnectionId;
    use crate::amqp::name::{BindingKey, ExchangeName, VhostName};
    use crate::amqp::table::TableRef;
    use crate::exchange::binding::{Binding, Destination};
    use crate::store::meta::MemoryMeta;
    use crate::store::shared::Store;
    use crate::topology::command::BindCommand;
    use crate::vhost::Commit;
    use crate::vhost::host::Vhost;
    use crate::vhost::notices::publishing;
    use crate::vhost::reporter::LOG_EXCHANGE;

    /// A virtual host in which log lines go to another exchange.
    fn listening() -> Arc<Vhost> {
        let store = Store::in_memory(Arc::new(MemoryMeta::default()));
        let name = VhostName::parse("/").unwrap();
        let vhost = Vhost::new(name, Arc::default(), store, Commit::done());
        let source = ExchangeName::parse(LOG_EXCHANGE).unwrap();
        drop(vhost.declare_own_exchange(source.clone()).unwrap());
        let destination = Destination::Exchange(ExchangeName::parse("amq.fanout").unwrap());
        let key = BindingKey::parse("#").unwrap();
        let binding = Binding::new(destination, key, TableRef::default());
        let bind = BindCommand { source, binding, connection: ConnectionId(1) };
        drop(vhost.bind(bind, "guest").unwrap());
        vhost
    }

    #[tokio::test]
    async fn what_is_logged_while_lines_are_published_is_no_line_to_publish() {
        let (vhost, reporter) = (listening(), Arc::new(Reporter::default()));
        reporter.report_in(&vhost);
        let lines = LogLines::default();
        lines.hand_to(&reporter);
        let subscriber = tracing_subscriber::registry().with(lines);

        tracing::subscriber::with_default(subscriber, || {
            publishing(|| tracing::warn!("about a line"));
            tracing::warn!("a line");
        });
        let taken = reporter.notices.take().await;

        assert_eq!(taken.list.len(), 1);
        assert!(taken.list[0].message.record.ends_with(b"[warning] <0.0.0> a line\n"));
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
