//! Thresholds that can be changed while a node runs, as command lines give them. What is taken and
//! what is refused, and in which words, is RabbitMQ's (`SetVmMemoryHighWatermarkCommand`,
//! `SetDiskFreeLimitCommand`).

use std::fmt;

use super::exit::Exit;
use super::protocol::Request;
use crate::config::Watermark;

/// A threshold that is to be another from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What the node is asked for.
    pub request: Request,
    what: &'static str,
    amount: String,
}

/// Arguments that make no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// How the command is to be called.
    pub usage: &'static str,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There are too few.
    NotEnough,
    /// There are too many.
    TooMany,
    /// One is no amount; sometimes RabbitMQ says why.
    Bad(Option<&'static str>),
}

/// Reads the arguments of `set_vm_memory_high_watermark`.
///
/// # Errors
/// As RabbitMQ's, but for `absolute` amounts below 1: its tool crashes with those.
pub fn memory_high_watermark(arguments: &[String]) -> Result<Change, Misuse> {
    const USAGE: &str = "set_vm_memory_high_watermark <fraction> | absolute <value>";
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let read = match words[..] {
        [] | ["absolute"] => Err(Problem::NotEnough),
        ["absolute", value] => {
            absolute(value).map(|bytes| (Watermark::Bytes(bytes), format!("{value} bytes")))
        }
        [value] => fraction(value).map(|part| (Watermark::Fraction(part), value.to_owned())),
        _ => Err(Problem::TooMany),
    };
    read.map_err(|problem| Misuse { usage: USAGE, problem }).map(|(to, amount)| Change {
        request: Request::SetVmMemoryHighWatermark { to },
        what: "memory threshold",
        amount,
    })
}

/// Reads the arguments of `set_disk_free_limit`.
///
/// # Errors
/// As RabbitMQ's. Like there, a number below 0 without a unit is no limit.
pub fn disk_free_limit(arguments: &[String]) -> Result<Change, Misuse> {
    const USAGE: &str = "set_disk_free_limit <disk_limit> | mem_relative <fraction>";
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let read = match words[..] {
        [] | ["mem_relative"] => Err(Problem::NotEnough),
        ["mem_relative", value] => relative(value)
            .map(|part| (Watermark::Fraction(part), format!("{value} times the total RAM"))),
        [value] => limit(value).map(|bytes| (Watermark::Bytes(bytes), format!("{value} bytes"))),
        _ => Err(Problem::TooMany),
    };
    read.map_err(|problem| Misuse { usage: USAGE, problem }).map(|(to, amount)| Change {
        request: Request::SetDiskFreeLimit { to },
        what: "disk free limit",
        amount,
    })
}

impl Change {
    /// What is said before the change, for a node of this name.
    pub fn banner(&self, node: &str) -> String {
        format!("Setting {} on {node} to {} ...", self.what, self.amount)
    }
}

impl Problem {
    /// The code that the process exits with.
    pub const fn exit(self) -> Exit {
        match self {
            Self::NotEnough | Self::TooMany => Exit::Usage,
            Self::Bad(_) => Exit::Data,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnough => f.write_str("not enough arguments."),
            Self::TooMany => f.write_str("too many arguments."),
            Self::Bad(None) => f.write_str("Bad argument."),
            Self::Bad(Some(reason)) => write!(f, "Bad argument: {reason}"),
        }
    }
}

fn fraction(text: &str) -> Result<f64, Problem> {
    let fraction = float(text).ok_or(Problem::Bad(None))?;
    if (0.0..=1.0).contains(&fraction) {
        return Ok(fraction);
    }
    Err(Problem::Bad(Some("The threshold should be a fraction between 0.0 and 1.0")))
}

fn absolute(text: &str) -> Result<u64, Problem> {
    let (number, rest) = integer(text).ok_or(Problem::Bad(None))?;
    let reason =
        if is_float_on(rest) { "The threshold should be an integer." } else { "Invalid units." };
    let unit = unit(rest).ok_or(Problem::Bad(Some(reason)))?;
    if number > 0 { Ok(scale(number, unit)) } else { Err(Problem::Bad(None)) }
}

fn limit(text: &str) -> Result<u64, Problem> {
    match integer(text).and_then(|(number, rest)| Some((number, rest, unit(rest)?))) {
        Some((number, rest, unit)) if number >= 0 || rest.is_empty() => Ok(scale(number, unit)),
        _ => Err(Problem::Bad(None)),
    }
}

fn relative(text: &str) -> Result<f64, Problem> {
    let fraction = float(text).filter(|fraction| (0.0..f64::INFINITY).contains(fraction));
    fraction.ok_or(Problem::Bad(None))
}

/// So many units in octets, as far as 64 bits say it.
fn scale(number: i128, unit: u64) -> u64 {
    u64::try_from(number.max(0)).map_or(u64::MAX, |number| number.saturating_mul(unit))
}

/// The octets in a unit (RabbitMQ: `RabbitMQ.CLI.Core.Memory.memory_units/0`).
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "k" | "kiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    })
}

/// A whole number at the start, and the rest (Elixir: `Integer.parse/1`). One that is too large is
/// the largest.
fn integer(text: &str) -> Option<(i128, &str)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end).filter(|(number, _)| !number.is_empty())?;
    Some((sign * number.parse::<i128>().unwrap_or(i128::MAX), rest))
}

/// Whether digits and `rest` together begin with a number that is not whole (Elixir:
/// `Float.parse/1`).
fn is_float_on(rest: &str) -> bool {
    let exponent = rest.strip_prefix(['e', 'E']);
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let digits = rest.strip_prefix('.').or(exponent).unwrap_or_default();
    digits.starts_with(|letter: char| letter.is_ascii_digit())
}

/// A number as Elixir has them: digits on both sides of the point, and a point only where there are
/// digits behind it.
fn float(text: &str) -> Option<f64> {
    let (_, mut rest) = integer(text)?;
    while is_float_on(rest) {
        let digits = rest.trim_start_matches(['.', 'e', 'E', '+', '-']);
        rest = digits.trim_start_matches(|letter: char| letter.is_ascii_digit());
    }
    if rest.is_empty() { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn memory(line: &str) -> Result<Change, Problem> {
        memory_high_watermark(&words(line)).map_err(|misuse| misuse.problem)
    }

    #[track_caller]
    fn expect_memory(line: &str, to: Watermark, banner: &str) {
        let change = memory(line).unwrap();

        assert_eq!(change.request, Request::SetVmMemoryHighWatermark { to }, "{line}");
        assert_eq!(change.banner("rabbit@web"), banner);
    }

    #[test]
    fn a_high_watermark_is_a_fraction_of_memory_or_so_many_octets() {
        let on = "Setting memory threshold on rabbit@web to";
        for (text, part) in [
            ("0.6", 0.6),
            ("1", 1.0),
            ("0", 0.0),
            ("+0.5", 0.5),
            ("5e-1", 0.5),
            ("1.0E-1", 0.1),
            ("-0.0", 0.0),
        ] {
            expect_memory(text, Watermark::Fraction(part), &format!("{on} {text} ..."));
        }
        for (text, bytes) in [
            ("1", 1),
            ("+7", 7),
            ("512k", 512 << 10),
            ("512kiB", 512 << 10),
            ("100M", 100 << 20),
            ("100MiB", 100 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("3kB", 3_000),
            ("3MB", 3_000_000),
            ("2GB", 2_000_000_000),
            ("99999999999999999999999999999999999999999G", u64::MAX),
        ] {
            let line = format!("absolute {text}");
            expect_memory(&line, Watermark::Bytes(bytes), &format!("{on} {text} bytes ..."));
        }
    }

    #[test]
    fn what_is_no_high_watermark_is_refused_in_rabbitmqs_words() {
        let fraction = "Bad argument: The threshold should be a fraction between 0.0 and 1.0";
        let integer = "Bad argument: The threshold should be an integer.";
        for (text, exit, lines) in [
            ("not enough arguments.", Exit::Usage, &["", "absolute"][..]),
            ("too many arguments.", Exit::Usage, &["0.4 0.5", "relative 0.5", "absolute 1 2"]),
            (fraction, Exit::Data, &["1.1", "2", "-0.1", "1e999"]),
            (
                "Bad argument.",
                Exit::Data,
                &["abc", "0.4x", ".5", "1.", "1.e0", "1e", "inf", "absolute abc", "absolute 0"],
            ),
            (
                "Bad argument: Invalid units.",
                Exit::Data,
                &["absolute 2TB", "absolute 5kb", "absolute 1_000", "absolute 1e", "absolute 1."],
            ),
            (integer, Exit::Data, &["absolute 2.5GB", "absolute 1.5", "absolute 1e+3"]),
        ] {
            for line in lines {
                let problem = memory(line).unwrap_err();

                assert_eq!((problem.to_string().as_str(), problem.exit()), (text, exit), "{line}");
            }
        }
    }

    #[test]
    fn a_disk_limit_is_so_many_octets_or_so_many_times_the_memory() {
        for (line, to, amount) in [
            ("0", Watermark::Bytes(0), "0 bytes"),
            ("-5", Watermark::Bytes(0), "-5 bytes"),
            ("50MB", Watermark::Bytes(50_000_000), "50MB bytes"),
            ("2G", Watermark::Bytes(2 << 30), "2G bytes"),
            ("mem_relative 1.5", Watermark::Fraction(1.5), "1.5 times the total RAM"),
            ("mem_relative 1e3", Watermark::Fraction(1000.0), "1e3 times the total RAM"),
        ] {
            let change = disk_free_limit(&words(line)).unwrap();

            let banner = format!("Setting disk free limit on rabbit@web to {amount} ...");
            assert_eq!(change.request, Request::SetDiskFreeLimit { to }, "{line}");
            assert_eq!(change.banner("rabbit@web"), banner);
        }
        for (problem, lines) in [
            (Problem::NotEnough, &["", "mem_relative"][..]),
            (Problem::TooMany, &["1 2", "absolute 1GB", "mem_relative 1 2"]),
            (
                Problem::Bad(None),
                &["abc", "1.5", "2TB", "5kb", "-5MB", "mem_relative -1", "mem_relative 1.5x"],
            ),
        ] {
            for line in lines {
                let misuse = disk_free_limit(&words(line)).unwrap_err();

                assert_eq!(misuse.problem, problem, "{line}");
            }
        }
    }
}
