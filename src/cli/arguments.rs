//! Arguments of `leveret`, and of the tools it is when it is called by their names.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use leveret::config::value::Value;
use leveret::config::{Config, LogLevel};
use leveret::ctl::command::Invocation;
use leveret::perf::options::Perf;

use super::store;

/// RabbitMQ's tools that this binary stands in for.
const TOOLS: [&str; 2] = ["rabbitmqctl", "rabbitmq-diagnostics"];

/// What to do.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Run the broker.
    Serve(ServeArguments),
    /// Say whether a file is in order.
    CheckConfig(PathBuf),
    /// Talk to a running broker.
    Ctl(Invocation),
    /// Put a broker under load.
    Perf(Box<Perf>),
    /// Check or repair a data directory.
    Store(store::Command),
}

/// An AMQP 0-9-1 message broker, a drop-in for RabbitMQ
#[derive(Parser)]
#[command(name = "leveret", version, args_conflicts_with_subcommands = true)]
struct Leveret {
    #[command(flatten)]
    serve: ServeArguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the broker (what `leveret` does without a command)
    Serve(ServeArguments),
    /// Check a configuration file and exit
    CheckConfig {
        /// The file
        file: PathBuf,
    },
    /// Talk to a running broker, as rabbitmqctl and rabbitmq-diagnostics do
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Ctl(Invocation),
    /// Put a broker, this one or another, under load and measure it
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Perf(Box<Perf>),
    /// Check or repair a data directory that no broker uses
    #[command(subcommand)]
    Store(store::Command),
}

/// Talk to a running broker
#[derive(Parser)]
#[command(version, subcommand_required = true, arg_required_else_help = true)]
struct Tool {
    #[command(flatten)]
    invocation: Invocation,
}

/// Settings that win over file and environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeArguments {
    /// Read settings from FILE [default: /etc/leveret/leveret.toml if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keep data in DIR [default: leveret-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Listen for AMQP on ADDR, once for each address; port 0 takes a free one [default: [::]:5672]
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    amqp: Vec<SocketAddr>,
    /// Log lines of LEVEL and above: none, error, warning, info, debug [default: info]
    #[arg(long, value_name = "LEVEL", value_parser = parse_level)]
    log_level: Option<LogLevel>,
}

impl ServeArguments {
    /// Puts what was given over `config`.
    pub(crate) fn overlay(&self, config: &mut Config) {
        if let Some(data_dir) = &self.data_dir {
            config.node.data_dir.clone_from(data_dir);
        }
        if !self.amqp.is_empty() {
            config.amqp.listen.clone_from(&self.amqp);
        }
        if let Some(level) = self.log_level {
            config.log.level = level;
        }
    }
}

/// Reads a whole command line; its first word, the program's name, may be a tool's.
pub(crate) fn parse(words: &[OsString]) -> Result<Action, clap::Error> {
    let program = words.first().map(Path::new).and_then(Path::file_name);
    if let Some(name) = TOOLS.into_iter().find(|tool| program.is_some_and(|name| name == *tool)) {
        let matches = Tool::command().name(name).bin_name(name).try_get_matches_from(words)?;
        let invocation = Tool::from_arg_matches(&matches)?.invocation;
        return Ok(Action::Ctl(Invocation { words: text(words, 1), ..invocation }));
    }
    let Leveret { serve, command } = Leveret::try_parse_from(words)?;
    Ok(match command {
        None => Action::Serve(serve),
        Some(Command::Serve(serve)) => Action::Serve(serve),
        Some(Command::CheckConfig { file }) => Action::CheckConfig(file),
        // Nothing may stand before `ctl`.
        Some(Command::Ctl(invocation)) => {
            Action::Ctl(Invocation { words: text(words, 2), ..invocation })
        }
        Some(Command::Perf(perf)) => Action::Perf(perf),
        Some(Command::Store(command)) => Action::Store(command),
    })
}

/// The words behind the first `skipped`.
fn text(words: &[OsString], skipped: usize) -> Vec<String> {
    words.iter().skip(skipped).map(|word| word.to_string_lossy().into_owned()).collect()
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let addresses = Value::Word(text).addresses().map_err(|unfit| unfit.to_string())?;
    match addresses[..] {
        [address] => Ok(address),
        _ => Err("expected one address".to_owned()),
    }
}

fn parse_level(text: &str) -> Result<LogLevel, String> {
    Value::Word(text).log_level().map_err(|unfit| unfit.to_string())
}

#[cfg(test)]
mod tests {
    use leveret::ctl::command;

    use super::*;

    fn parse_line(line: &str) -> Result<Action, clap::Error> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    #[test]
    fn serve_is_what_happens_without_a_command() {
        for line in [
            "leveret --amqp 127.0.0.1:0 --amqp [::1]:5673 --data-dir d --log-level debug",
            "bin/leveret serve --amqp 127.0.0.1:0 --amqp [::1]:5673 --data-dir d --log-level debug",
        ] {
            let Ok(Action::Serve(arguments)) = parse_line(line) else { panic!("{line}") };
            let mut config = Config::default();
            arguments.overlay(&mut config);

            let listen = ["127.0.0.1:0", "[::1]:5673"].map(|address| address.parse().unwrap());
            assert_eq!(config.amqp.listen, listen);
            assert_eq!(config.node.data_dir, Path::new("d"));
            assert_eq!(config.log.level, LogLevel::Debug);
        }
    }

    #[test]
    fn nothing_given_changes_nothing() {
        let mut config = Config::default();

        ServeArguments::default().overlay(&mut config);

        assert_eq!(config, Config::default());
    }

    #[test]
    fn a_tools_name_makes_it_that_tool() {
        for line in [
            "leveret ctl -q ping",
            "/usr/sbin/rabbitmq-diagnostics -q ping",
            "rabbitmqctl ping --quiet",
        ] {
            let Ok(Action::Ctl(invocation)) = parse_line(line) else { panic!("{line}") };

            assert_eq!(invocation.command, command::Command::Ping);
            assert!(invocation.options.quiet);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "leveret dance",
            "leveret --amqp nowhere",
            "leveret --log-level loud",
            "leveret check-config",
            "leveret ctl",
            "leveret perf",
            "leveret perf throughput --acks some",
            "leveret store",
            "leveret store check",
            "leveret store mend leveret-data",
            "rabbitmqctl",
            "rabbitmqctl dance",
        ] {
            let error = parse_line(line).unwrap_err();

            assert!(error.use_stderr(), "{line}");
        }
        assert!(!parse_line("leveret --version").unwrap_err().use_stderr());
    }
}
