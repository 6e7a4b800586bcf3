//! The arguments of `rabbitmqctl`, `rabbitmq-diagnostics` and `leveret ctl`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

/// A command line behind the program's name.
#[derive(Args, Clone, Debug)]
pub struct Invocation {
    /// What stands before or behind any command.
    #[command(flatten)]
    pub options: Options,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// All words behind the program's name, as they were given.
    #[arg(skip)]
    pub words: Vec<String>,
}

/// What stands before or behind any command.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// The node's control socket [default: as file and environment say]
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// The node's name; another node is not talked to
    #[arg(short, long, global = true, value_name = "NAME")]
    pub node: Option<String>,
    /// Seconds that the command may take, or `infinity`
    #[arg(short, long, global = true, value_name = "SECONDS", value_parser = parse_timeout)]
    pub timeout: Option<Duration>,
    /// Leave out what only says what is being done
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print results only; a check that passes prints nothing
    #[arg(short, long, global = true)]
    pub silent: bool,
    /// Taken for RabbitMQ's sake: a name is matched whether its host is long or short
    #[arg(short, long, global = true)]
    pub longnames: bool,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub formatter: Formatter,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Formatter {
    /// For people
    #[default]
    Table,
    /// For people
    #[value(name = "pretty_table")]
    PrettyTable,
    /// For programs
    Json,
}

/// What can be asked of a node.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
#[command(rename_all = "snake_case")]
pub enum Command {
    /// Check that the node answers
    Ping,
    /// Check that the node has started and is not stopping
    CheckRunning,
    /// Check that every listener accepts connections
    CheckPortConnectivity,
    /// Show how the node is
    Status,
    /// Wait until the node has started (5 minutes, unless --timeout is given)
    AwaitStartup,
    /// Stop the node in good order, and wait for it
    Stop {
        /// Taken for RabbitMQ's sake: the end of the node is waited for without it
        pid_file: Option<PathBuf>,
    },
    /// Trace what is published and delivered in a virtual host, until the node stops
    TraceOn {
        /// The virtual host
        #[arg(short = 'p', long, value_name = "VHOST", default_value = "/")]
        vhost: String,
    },
    /// Stop tracing
    TraceOff {
        /// The virtual host
        #[arg(short = 'p', long, value_name = "VHOST", default_value = "/")]
        vhost: String,
    },
    /// Block publishers above another amount of memory, until the node stops
    SetVmMemoryHighWatermark {
        /// FRACTION of the memory available, or `absolute` and a number of bytes such as 2GB
        #[arg(value_name = "FRACTION | absolute BYTES", allow_negative_numbers = true)]
        arguments: Vec<String>,
    },
    /// Block publishers below another amount of free disk space, until the node stops
    SetDiskFreeLimit {
        /// A number of BYTES such as 2GB, or `mem_relative` and a FRACTION of the memory available
        #[arg(value_name = "BYTES | mem_relative FRACTION", allow_negative_numbers = true)]
        arguments: Vec<String>,
    },
}

/// `5`, `0.5` or `infinity`. Nobody waits for longer than a year, which tokio can still add to an
/// instant.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    if text == "infinity" {
        return Ok(YEAR);
    }
    let seconds = text.parse().ok();
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    limit
        .map(|limit| limit.min(YEAR))
        .ok_or_else(|| format!("expected seconds or `infinity`, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Tool {
        #[command(flatten)]
        invocation: Invocation,
    }

    fn parse(line: &str) -> Result<Invocation, clap::Error> {
        let words = line.split_whitespace();
        Tool::try_parse_from(words).map(|tool| tool.invocation)
    }

    #[test]
    fn global_options_stand_before_or_behind_the_command() {
        for line in ["ctl -q -n rabbit@web -t 5 ping", "ctl ping -q --node rabbit@web --timeout 5"]
        {
            let invocation = parse(line).unwrap();

            assert_eq!(invocation.command, Command::Ping);
            assert!(invocation.options.quiet);
            assert_eq!(invocation.options.node.as_deref(), Some("rabbit@web"));
            assert_eq!(invocation.options.timeout, Some(Duration::from_secs(5)));
        }
    }

    #[test]
    fn commands_are_spelled_as_rabbitmqs() {
        for (line, command) in [
            ("ctl check_running", Command::CheckRunning),
            ("ctl check_port_connectivity", Command::CheckPortConnectivity),
            ("ctl status --formatter json", Command::Status),
            ("ctl await_startup", Command::AwaitStartup),
            ("ctl stop", Command::Stop { pid_file: None }),
            ("ctl trace_on", Command::TraceOn { vhost: "/".to_owned() }),
            ("ctl trace_off -p a/b", Command::TraceOff { vhost: "a/b".to_owned() }),
            (
                "ctl set_vm_memory_high_watermark -0.1 -q",
                Command::SetVmMemoryHighWatermark { arguments: vec!["-0.1".to_owned()] },
            ),
            (
                "ctl set_disk_free_limit 1 2",
                Command::SetDiskFreeLimit { arguments: vec!["1".to_owned(), "2".to_owned()] },
            ),
        ] {
            assert_eq!(parse(line).unwrap().command, command);
        }
        for line in ["ctl", "ctl dance", "ctl ping pong", "ctl ping -t soon", "ctl ping --loud"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_timeout_is_in_seconds() {
        assert_eq!(parse_timeout("0.5"), Ok(Duration::from_millis(500)));
        assert!(parse_timeout("infinity").is_ok_and(|limit| limit > Duration::from_hours(24)));
        assert!(parse_timeout("1e300").is_err());
        assert!(parse_timeout("-1").is_err());
    }
}
