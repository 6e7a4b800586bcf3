"""What has to hold over time: memory that stays, no CPU at rest, fairness. Too long for every
run; each yields figures as a scenario does.
"""

import statistics
import time

from .brokers import Failed, report_of
from .figures import Figure
from .scenarios import Scenario

# With the broker's memory limited to so many octets.
WATERMARK = 256 << 20
RESTING_CONNECTIONS = 100


def flat_memory(broker, options):
    """Resident memory in the last quarter of a long run against the first."""
    running = broker.begin_perf("throughput", "--size", 16, "--seconds", options.long,
                                "--patience", options.patience)
    samples = sample(broker, running)
    report_of(running)
    quarter = max(len(samples) // 4, 1)
    first, last = statistics.median(samples[:quarter]), statistics.median(samples[-quarter:])
    title = f"16 octets for {options.long:g} s"
    yield Figure(f"{title}, RSS of the first quarter", "MiB"), first
    yield Figure(f"{title}, RSS of the last quarter", "MiB"), last


def slow_consumer(broker, options):
    """A publisher far faster than the consumer, which takes one message at a time. The load
    generator fails when a message is lost.
    """
    running = broker.begin_perf("throughput", "--size", 1024, "--seconds", options.seconds,
                                "--prefetch", 1, "--acks", "each", "--patience", options.patience)
    samples = sample(broker, running)
    report = report_of(running)
    title = f"slow consumer, memory limited to {WATERMARK >> 20} MiB"
    yield Figure(f"{title}, highest RSS", "MiB"), max(samples)
    yield Figure(f"{title}, deliveries", "msg/s", True), report["received_per_second"]


def idle_cpu(broker, options):
    """Connections that rest, heartbeats included."""
    seconds = 20
    report = broker.perf("connections", "--count", RESTING_CONNECTIONS, "--seconds", seconds)
    used = report["cpu_seconds_resting"]
    if used is not None:
        title = f"CPU with {RESTING_CONNECTIONS} resting connections"
        yield Figure(title, "% of a core"), 100 * used / seconds


def beside_flood(broker, options):
    """Requests at a moderate rate while another connection publishes as fast as it can."""
    flood = broker.begin_perf("throughput", "--size", 16, "--seconds", options.seconds + 2,
                              "--patience", options.patience)
    time.sleep(1)
    report = broker.perf("request-reply", "--clients", 1, "--rate", 100,
                         "--seconds", options.seconds)
    if flood.poll() is not None:
        raise Failed("the flood was over before the requests were")
    report_of(flood)
    title = "100 requests/s beside a flood"
    yield Figure(f"{title}, p50", "us"), report["latency"]["p50"]
    yield Figure(f"{title}, p99", "us"), report["latency"]["p99"]


def equal_consumers(broker, options):
    """Two consumers with the same prefetch, acknowledging alike, on one queue."""
    report = broker.perf("throughput", "--size", 100, "--consumers", 2, "--prefetch", 100,
                         "--acks", 10, "--seconds", options.seconds,
                         "--patience", options.patience)
    least, most = min(report["received_each"]), max(report["received_each"])
    yield Figure("two equal consumers, one received more by", "%"), 100 * (most / least - 1)


def sample(broker, running):
    """The broker's resident memory in MiB, ten times a second, until the run is over."""
    samples = []
    while running.poll() is None:
        samples.append(broker.resident_mib())
        time.sleep(0.1)
    return samples


CHECKS = {
    "flat": Scenario(flat_memory, needs_start=True),
    "slow": Scenario(slow_consumer, needs_start=True, watermark=WATERMARK),
    "idle": Scenario(idle_cpu, needs_start=True),
    "fair": Scenario(beside_flood),
    "equal": Scenario(equal_consumers),
}
