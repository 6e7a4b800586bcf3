//! Which options of a load contradict each other.

use super::error::PerfError;
use super::options::{Acks, Exchange, Load, Scenario};
use super::plan::Plan;
use super::stamp;
use super::vary::Vary;

/// Refuses options that cannot be carried out together.
pub(super) fn check(plan: &Plan<'_>) -> Result<(), PerfError> {
    let Plan { options, scenario, publishers, consumers, .. } = *plan;
    let Load { queues, channels, prefetch, acks, exchange, bindings, stepwise, .. } = *options;
    let varies_key = options.vary.iter().any(Vary::is_routing_key);
    let refused = [
        (publishers == 0, "--publishers: at least 1"),
        (channels == 0, "--channels: at least 1"),
        (
            publishers.saturating_mul(channels.into()) > stamp::FLOWS_MAX,
            "--publishers: at most 65536 channels, all publishers together",
        ),
        (queues == 0, "--queues: at least 1"),
        (consumers > 0 && consumers < queues, "--consumers: 0, or at least one for each queue"),
        (
            !exchange.copies() && !exchange.chooses() && publishers < queues,
            "--publishers: at least one for each queue, unless the exchange leads to all of them",
        ),
        (options.size.min < stamp::SIZE, "--size: at least 16"),
        (options.rate == Some(0), "--rate: at least 1"),
        (options.confirm == Some(0), "--confirm: at least 1"),
        (
            matches!(acks, Acks::Every(n) if prefetch > 0 && n > u32::from(prefetch)),
            "--acks: not more than --prefetch, or nothing would ever be settled",
        ),
        (
            bindings > 0 && exchange == Exchange::Default,
            "--bindings: only with an exchange that has bindings",
        ),
        (
            bindings > 0 && (exchange.copies() || exchange.chooses()),
            "--bindings: every binding of such an exchange matches",
        ),
        (
            varies_key && !exchange.copies() && !exchange.chooses(),
            "--vary: the routing key has to lead to the queue",
        ),
        (options.queue.is_some() && queues > 1, "--queue: is one queue"),
        (
            !options.exchange_argument.is_empty() && exchange == Exchange::Default,
            "--exchange-argument: only with an exchange that is declared",
        ),
        (
            scenario == Scenario::Latency && consumers == 0,
            "--consumers: without consumers there is no latency",
        ),
        (
            scenario == Scenario::Fanout && !exchange.copies(),
            "--exchange: a fanout needs one that leads to all queues",
        ),
        (
            scenario == Scenario::Drain && options.seconds.is_some(),
            "--seconds: a drain publishes so many --messages",
        ),
        (
            scenario == Scenario::Drain && consumers == 0,
            "--consumers: without consumers nothing is drained",
        ),
        (stepwise && scenario != Scenario::Drain, "--stepwise: only a drain has steps"),
        (
            stepwise && options.common.broker_pid.is_some(),
            "--broker-pid: the broker may be another process after a step",
        ),
    ];
    match refused.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, text)) => Err(PerfError::Options(text.to_owned())),
        None => Ok(()),
    }
}
