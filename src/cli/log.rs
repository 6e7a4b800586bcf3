//! Log lines on standard error, in the form that tools made for RabbitMQ's log read; see
//! [`leveret::node::log_lines`].

use std::fmt;

use leveret::config::LogLevel;
use leveret::node::log_lines::{LogLines, write_line};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Writes lines of `level` and above from here on; returns where a broker can take them from.
pub(crate) fn start(level: LogLevel) -> LogLines {
    let level = match level {
        LogLevel::None => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let lines = LogLines::default();
    let written = tracing_subscriber::fmt::layer().event_format(Line).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(level).with(written).with(lines.clone()).init();
    lines
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
        write_line(&mut writer, event)?;
        writer.write_char('\n')
    }
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
}
