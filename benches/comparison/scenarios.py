"""What is measured. A scenario gets a broker with fresh data, runs the load generator against it
and yields figures with their values.
"""

import tempfile
import time
from dataclasses import dataclass
from typing import Callable

from .brokers import Failed, RabbitMQ, report_of, run_tool
from .figures import Figure

CHURN_PER_SECOND = 1000


@dataclass(frozen=True)
class Scenario:
    """`measure(broker, options)` yields figures and values; so does `floor(tool, options)`, with
    what a bare relay does in the broker's place.
    """

    measure: Callable
    floor: Callable | None = None
    # Whether the broker must be one that the script starts.
    needs_start: bool = False
    # Names of brokers that it is not for.
    skip: tuple = ()
    # The broker's memory limit in octets.
    watermark: int | None = None


def load(title, *arguments, command="throughput", size=16, messages="msg/s", octets=False, skip=()):
    """As fast as it goes; `messages` says what is counted, and `octets` shows it in octets."""
    def rate(per_second):
        if octets:
            return Figure(title, "MB/s", True), per_second * size / 1e6
        return Figure(title, messages, True), per_second

    def measure(broker, options):
        report = broker.perf(command, "--size", size, "--seconds", options.seconds,
                             "--patience", options.patience, *arguments)
        yield rate(report["received_per_second"])
        if used := report["broker"]:
            yield Figure(f"{title}, broker CPU", "us/msg"), used["cpu_micros_per_message"]
            yield Figure(f"{title}, RSS", "MiB"), used["resident_after"] / 2**20

    def floor(tool, options):
        report = run_tool(tool, "floor", "--only", "relay", "--size", size,
                          "--seconds", options.seconds)
        yield rate(report["relay"]["flood"]["messages_per_second"])

    return Scenario(measure, floor if not arguments else None, skip=skip)


def latency(per_second, skip=()):
    title = f"100 octets, {per_second:,} msg/s"

    def measure(broker, options):
        report = broker.perf("latency", "--size", 100, "--rate", per_second,
                             "--seconds", options.seconds, "--patience", options.patience)
        yield from quantiles(title, report["latency"])
        if used := report["broker"]:
            yield Figure(f"{title}, broker CPU", "us/msg"), used["cpu_micros_per_message"]

    def floor(tool, options):
        report = run_tool(tool, "floor", "--only", "relay", "--size", 100, "--rate", per_second,
                          "--seconds", options.seconds)
        yield from quantiles(title, report["relay"]["paced"]["latency"])

    return Scenario(measure, floor, skip=skip)


def request_reply():
    title = "request and reply, one outstanding"

    def measure(broker, options):
        report = broker.perf("request-reply", "--clients", 1, "--seconds", options.seconds)
        yield from quantiles(title, report["latency"])
        if used := report["broker"]:
            yield Figure(f"{title}, broker CPU", "us/round"), used["cpu_micros_each"]

    def floor(tool, options):
        report = run_tool(tool, "floor", "--only", "relay", "--seconds", options.seconds)
        yield from quantiles(title, report["relay"]["round_trips"]["latency"])

    return Scenario(measure, floor)


def churn(what):
    title = f"{what} opened and closed by 4 at a time"

    def measure(broker, options):
        report = broker.perf("churn", "--what", what, "--workers", 4,
                             "--seconds", options.seconds)
        yield Figure(title, "1/s", True), report["cycles_per_second"]
        if used := report["broker"]:
            yield Figure(f"{title}, broker CPU", "us each"), used["cpu_micros_each"]

    return Scenario(measure)


def topic(bindings, *more):
    """Arguments of a topic exchange with so many bindings, of which one matches."""
    return "--exchange", "topic", "--bindings", bindings - 1, *more


def churn_beside_topic(broker, options):
    """(e) alone and with queues that come and go at the same exchange; which of the two is first
    alternates from round to round.
    """
    title = f"topic, 10,000 bindings, beside {CHURN_PER_SECOND:,} queues/s"
    rates = {}
    for churning in (False, True) if options.round % 2 else (True, False):
        running = broker.begin_perf("throughput", "--size", 100, "--seconds", options.seconds,
                                    "--patience", options.patience, *topic(10_000))
        # The load generator names its exchange so.
        name = f"leveret-perf-{running.pid}"
        cycles = []
        while churning and running.poll() is None:
            done = broker.begin_perf("churn", "--what", "queues", "--exclusive", "--workers", 4,
                                     "--rate", CHURN_PER_SECOND, "--exchange", name,
                                     "--seconds", 1)
            try:
                cycles.append(report_of(done)["cycles_per_second"])
            except Failed:
                # The exchange is not there yet, or has just gone.
                time.sleep(0.05)
        rates[churning] = report_of(running)["received_per_second"]
        if churning and not cycles:
            raise Failed("no queue came and went beside the load")
        if churning:
            yield Figure(f"{title}, queues", "1/s", True), sum(cycles) / len(cycles)
    yield Figure(title, "msg/s", True), rates[True]
    yield Figure(f"{title}, lost rate", "%"), 100 * (1 - rates[True] / rates[False])


def start(broker, options):
    yield Figure("start-up to first accepted connection", "ms"), broker.start_ms
    time.sleep(2)
    yield Figure("RSS idle", "MiB"), broker.resident_mib()


def connections(broker, options):
    few = isinstance(broker, RabbitMQ)
    count = options.rabbitmq_connections if few else options.connections
    time.sleep(2)
    report = broker.perf("connections", "--count", count)
    if each := report["resident_each"]:
        yield Figure("RSS for each idle connection with one channel", "KiB"), each / 1024


def queued(broker, options):
    report = broker.perf("throughput", "--size", 1024, "--messages", 1_000_000, "--consumers", 0,
                         "--confirm", 1000, "--patience", options.patience)
    if used := report["broker"]:
        resident = used["resident_after"] / 2**20
        yield Figure("RSS with 1 M queued messages of 1 KiB", "MiB"), resident


def drain(broker, options):
    """Fills a durable queue, then empties it."""
    title = f"{DRAINED:,} persistent messages of 1 KiB"
    report = broker.perf("drain", "--size", 1024, "--messages", DRAINED, *DURABLE, "--confirm", 1000,
                         "--patience", options.patience)
    yield Figure(f"{title}, filled", "msg/s", True), report["sent_per_second"]
    yield Figure(f"{title}, emptied", "MB/s", True), report["received_per_second"] * 1024 / 1e6
    if used := report["broker"]:
        yield Figure(f"{title}, RSS when full", "MiB"), used["resident_filled"] / 2**20


def one_at_a_time():
    title = "1 KiB persistent, 100 publishers with one open publish each"
    loaded = load(title, *DURABLE, "--publishers", 100, "--consumers", 1, "--confirm", 1, size=1024)

    def floor(tool, options):
        with tempfile.TemporaryDirectory(prefix="leveret-compare-") as home:
            report = run_tool(tool, "floor", "--only", "disk", "--data-dir", home,
                              "--seconds", options.seconds)
        yield Figure(title, "msg/s", True), report["disk"][0]["syncs_per_second"]

    return Scenario(loaded.measure, floor)


def quantiles(title, latency):
    if latency is None:
        raise Failed("no latency was measured")
    for name in ("p50", "p99"):
        yield Figure(f"{title}, {name}", "us"), latency[name]


ACKED = ("--acks", 100, "--prefetch", 1000, "--confirm", 1000)
DURABLE = ("--persistent", "--durable")
DRAINED = 500_000
MANY = ("--queues", 50, "--publishers", 50, "--consumers", 50)
TWENTY = ("--queues", 20, "--publishers", 20, "--consumers", 20)

SCENARIOS = {
    "start": Scenario(start, needs_start=True),
    "connections": Scenario(connections),
    "queued": Scenario(queued),
    "a": load("16 octets"),
    "b": load("1 KiB", size=1024),
    "c": load("100 octets, acks of 100, confirms", *ACKED, size=100),
    "c20": load("100 octets, acks of 100, confirms, 20 queues", *ACKED, *TWENTY, size=100),
    "d": load("fanout to 10 queues, 100 octets", "--consumers", 10, "--queues", 10,
              command="fanout", size=100, messages="deliveries/s"),
    "e10": load("topic, 10 bindings, 100 octets", *topic(10), size=100),
    "e": load("topic, 10,000 bindings, 100 octets", *topic(10_000), size=100),
    "e100k": load("topic, 100,000 bindings, 100 octets", *topic(100_000), size=100),
    "f": load("50 queues, 50 publishers, 50 consumers, 100 octets", *MANY, command="queues", size=100),
    "g1k": latency(1_000),
    "g": latency(10_000),
    "g100k": latency(100_000, skip=("RabbitMQ",)),
    "h": request_reply(),
    "i": churn("connections"),
    "ichannel": churn("channels"),
    "j": load("16 KiB", size=16 << 10, octets=True),
    "j1m": load("1 MiB", size=1 << 20, octets=True),
    "k": Scenario(churn_beside_topic),
    "p": load("1 KiB persistent, acks of 100, confirms", *DURABLE, *ACKED, size=1024),
    "pquorum": load("1 KiB persistent, acks of 100, confirms, quorum queue", *DURABLE, *ACKED,
                    "--queue-argument", "x-queue-type=quorum", size=1024, skip=("Leveret",)),
    "pwritten": load("1 KiB persistent, acks of 100, confirms when written", *DURABLE, *ACKED,
                     "--queue-argument", "x-confirm=written", size=1024, skip=("RabbitMQ",)),
    "p100": one_at_a_time(),
    "drain": Scenario(drain),
}
