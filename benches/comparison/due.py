"""Messages that have a time of their own: those that expire, and those that are delayed. How late
they are is told by the load generator, from the stamp in each body.
"""

import time

from .brokers import Failed, SteppedDrain, report_of
from .figures import Figure
from .scenarios import DURABLE

SIZE = 100
# Messages that expire, and seconds that the longest of them lives.
EXPIRING = 1_000_000
LONGEST = 60
# Messages that are pending, and those that become due within one second.
PENDING = 10_000_000
BURST = 100_000
# The share of those pending that is published behind the burst, so that it is not the newest; and
# how many times longer that may take than with the others.
BEHIND = 0.1
SLACK = 4
# Messages that tell how fast others are published.
PROBE = 500_000
# Seconds until memory that is given back has gone, and for which CPU at rest is measured.
REST = 10
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# Seconds without a delivery, beyond those that are due.
PATIENCE = 60


def expiry(fresh, options):
    """Random times to live. Dead letters tell when each message expired."""
    count, longest = options.scaled(EXPIRING), max(LONGEST * options.scale, 2)
    lives = f"expiration=1000..{round(longest * 1000)}"
    title = f"{count:,} messages that live 1 to {longest:g} s"
    published = "--size", SIZE, "--messages", count, "--confirm", 1000
    with fresh() as broker:
        report = broker.perf("throughput", *published, "--vary", lives, "--dead-letters",
                             "--patience", longest + PATIENCE, in_order=False)
        yield Figure(f"{title}, dead letters, broker CPU", "s"), report["broker"]["cpu_seconds"]
        yield from lateness(f"{title}, dead letters", report)
    with fresh() as broker:
        report = broker.perf("throughput", *published, "--vary", lives, "--consumers", 0,
                             "--linger", longest + REST)
        used = report["broker"]
        yield Figure(f"{title}, dropped, broker CPU", "s"), used["cpu_seconds"]
        yield Figure(f"{title}, RSS when published", "MiB"), used["resident_filled"] / 2**20
        yield Figure(f"{title}, RSS when expired", "MiB"), used["resident_after"] / 2**20
    with fresh() as broker:
        report = broker.perf("throughput", *published, "--consumers", 0, "--linger", 1)
        yield Figure(f"{count:,} messages that stay, broker CPU", "s"), \
            report["broker"]["cpu_seconds"]


def delayed(kind, published=(), declared=()):
    """Many messages due in hours, among them some that are due within one second, once all of them
    are there.
    """
    def measure(fresh, options):
        count, burst = options.scaled(PENDING), options.scaled(BURST)
        behind = round(count * BEHIND)
        title = f"{count:,} {kind} delayed messages pending"
        common = "--size", SIZE, "--confirm", 1000, *published
        with fresh() as broker:
            empty, begun = broker.resident_mib(), time.monotonic()
            first = count - burst - behind
            with SteppedDrain(broker, *common, *declared, *DELAYED, *LATER,
                              "--messages", first) as drain:
                drain.await_step("filled")
                rate = first / (time.monotonic() - begun)
                yield Figure(f"{title}, published", "msg/s", True), rate
                # The load generator names its queues so.
                common = "--queue", f"leveret-perf-{drain.running.pid}.0", *common
                # Meanwhile more are published, and the broker rests twice.
                begun, wait = time.monotonic(), 3 * REST + SLACK * behind / rate
                running = broker.begin_perf(
                    "throughput", *common, "--messages", burst, "--patience", wait + PATIENCE,
                    "--vary", f"header:x-delay={round(wait * 1000)}..{round((wait + 1) * 1000)}")
                broker.perf("throughput", *common, "--consumers", 0, "--messages", behind, *LATER)
                yield from resting(broker, title, count, empty)
                if time.monotonic() - begun > wait:
                    raise Failed("messages were due before all were published")
                spent = broker.cpu_seconds()
                report = report_of(running, in_order=False)
            title = f"{title}, {burst:,} due within 1 s"
            yield Figure(f"{title}, broker CPU", "s"), broker.cpu_seconds() - spent
            yield from lateness(title, report)

    return measure


def resting(broker, title, count, empty):
    """What a broker takes that holds messages and has nothing to do."""
    time.sleep(REST)
    rss = broker.resident_mib()
    yield Figure(f"{title}, RSS", "MiB"), rss
    yield Figure(f"{title}, RSS for each", "octets"), (rss - empty) * 2**20 / count
    yield Figure(f"{title}, highest RSS until then", "MiB"), broker.peak_mib()
    spent, _, rested = broker.cpu_seconds(), time.sleep(REST), broker.cpu_seconds()
    yield Figure(f"{title}, CPU at rest", "% of a core"), 100 * (rested - spent) / REST


def due_steadily(fresh, options):
    """All pending messages become due in turn, in another order than they were published, in every
    second as many.
    """
    count, burst = options.scaled(PENDING), options.scaled(BURST)
    common = "--size", SIZE, "--confirm", 1000, *DURABLE
    with fresh() as broker:
        probe = options.scaled(PROBE)
        filled = broker.perf("throughput", *common, *DELAYED, *LATER, "--consumers", 0,
                             "--messages", probe)
        wait, span = REST + count / filled["sent_per_second"], count / burst
        delays = f"header:x-delay={round(wait * 1000)}..{round((wait + span) * 1000)}"
        report = broker.perf("throughput", *common, *DELAYED, "--messages", count,
                             "--vary", delays, "--patience", wait + PATIENCE, in_order=False)
        used = report["broker"]
        title = f"{count:,} persistent delayed messages, {burst:,} due in each second"
        yield Figure(f"{title}, RSS when published", "MiB"), used["resident_filled"] / 2**20
        yield Figure(f"{title}, highest RSS", "MiB"), broker.peak_mib()
        yield Figure(f"{title}, broker CPU", "s"), used["cpu_seconds"]
        yield from lateness(title, report)


def lateness(title, report):
    for name in ("p50", "p99", "max"):
        yield Figure(f"{title}, late by {name}", "ms"), report["lateness"][name] / 1000
    if report["early"]:
        yield Figure(f"{title}, before their time", "messages"), report["early"]


LATER = "--vary", f"header:x-delay={HOUR_MS}..{DAY_MS}"
DELAYED = "--queue-argument", "x-delayed=true"

FEATURES = {
    "expiry": expiry,
    "delayed": delayed("persistent", ("--persistent",), ("--durable",)),
    "delayed-transient": delayed("transient"),
    "due": due_steadily,
}
