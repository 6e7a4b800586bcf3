"""What the durable store promises: bodies that are written once, backlogs that need little memory
and are soon there again after a crash, confirms that take hardly longer than the disk. Too long for
every run; each check yields figures as a scenario does.
"""

import shutil
import statistics
import time

from . import disk
from .brokers import SteppedDrain, run_tool
from .figures import Figure
from .scenarios import ACKED, DURABLE, Scenario

FAN_QUEUES = 100
# Of publishes, in msg/s, that every broker keeps up with.
STEADY_RATE = 20_000
AMPLIFIED_BACKLOG = 1_000_000
CONFIRMED_RATE = 100
SLICES = 3
# Seconds until a broker has done what it puts off.
REST = 10
# Octets that a message may take beside its body, on any broker, and the share of the free disk that
# may be filled.
OVERHEAD = 256
DISK_SHARE = 0.8
KIB = 1024


def fan_out(broker, options):
    """Every message to many queues that nobody consumes from."""
    title = f"1 KiB persistent to {FAN_QUEUES} durable queues, confirms"
    report, octets = writing(broker, "fanout", "--queues", FAN_QUEUES, "--consumers", 0,
                             "--confirm", 1000, "--seconds", options.seconds,
                             "--patience", options.patience)
    yield Figure(title, "msg/s", True), report["sent_per_second"]
    yield Figure(f"{title}, written for each", "octets"), octets / report["sent"]


def amplification(broker, options):
    """Octets written for each octet of bodies, what is put off until the queue is empty included. It
    may be less than one: what is settled in time need not be written.
    """
    loads = {
        f"work queue of {STEADY_RATE:,} msg/s": (
            "throughput", "--rate", STEADY_RATE, "--seconds", options.seconds),
        f"backlog of {AMPLIFIED_BACKLOG:,}, then emptied": (
            "drain", "--messages", AMPLIFIED_BACKLOG),
    }
    for title, arguments in loads.items():
        report, octets = writing(broker, *arguments, *ACKED, "--patience", options.patience)
        title = f"1 KiB persistent, {title}, acks of 100, confirms"
        yield Figure(f"{title}, sent", "msg/s", True), report["sent_per_second"]
        yield Figure(f"{title}, written", "x"), octets / (report["sent"] * KIB)


def writing(broker, command, *arguments):
    """Runs the load generator with persistent messages of 1 KiB; returns its report, and the octets
    that the broker wrote to the disk meanwhile and some seconds later.
    """
    before = disk.written(broker.pid)
    report = broker.perf(command, "--size", KIB, *DURABLE, *arguments)
    time.sleep(REST)
    return report, disk.written(broker.pid) - before


def backlog(size, wanted, skip=()):
    """A durable queue that is filled, survives a kill and is emptied; `wanted(options)` messages of
    `size` octets, or as many as the disk has room for. None of them may be lost.

    Once the broker is there again it rests, to show what the queue takes in memory. That rest is
    not in the time to the first delivery: it is that to the port, and that from when the consumer
    begins to connect.

    Start, bare read and emptying begin with a cold page cache, where the system may be told to
    drop it; titles say so. A virtual disk has a cache of its own, which nobody can drop, so all
    files are read once before what counts.
    """
    def measure(broker, options):
        count = min(wanted(options), room(broker.home, size))
        title = f"{count:,} persistent messages of {size:,} octets"
        time.sleep(REST)
        empty = broker.resident_mib()
        with SteppedDrain(broker, "--size", size, "--messages", count, *DURABLE, *ACKED,
                          "--patience", options.patience) as drain:
            drain.await_step("filled")
            yield Figure(f"{title}, RSS when full", "MiB"), broker.resident_mib()
            yield Figure(f"{title}, highest RSS until then", "MiB"), broker.peak_mib()
            broker.kill()
            yield Figure(f"{title}, on the disk when full", "MiB"), disk.used_mib(broker.data)
            cache, bare = read_cold(broker.data)
            broker.start()
            start = broker.start_ms / 1000
            yield Figure(f"{title}, killed, start to port, {cache}", "s"), start
            yield Figure(f"{title}, RSS at the restart", "MiB"), broker.resident_mib()
            time.sleep(REST)
            rested = broker.resident_mib()
            yield Figure(f"{title}, RSS {REST} s after the restart", "MiB"), rested
            each = (rested - empty) * 2**20 / count
            yield Figure(f"{title}, the same beyond an empty broker's, for each", "octets"), each
            disk.drop_caches()
            drain.go_on()
            drain.await_step("emptied")
            yield Figure(f"{title}, highest RSS when emptied", "MiB"), broker.peak_mib()
            time.sleep(REST)
            used = disk.used_mib(broker.data)
            yield Figure(f"{title}, on the disk {REST} s after", "MiB"), used
            drain.go_on()
            report = drain.report()
        first, filled = report["first_delivery_seconds"], report["sent_per_second"]
        emptied = report["received_per_second"] * size / 1e6
        yield Figure(f"{title}, killed, start to first delivery, {cache}", "s"), start + first
        yield Figure(f"{title}, filled with confirms", "msg/s", True), filled
        yield Figure(f"{title}, emptied with acks of 100, {cache}", "MB/s", True), emptied
        yield Figure(f"{title}, bare read of the same files, {cache}", "MB/s", True), bare

    return Scenario(measure, needs_start=True, skip=skip)


def room(directory, size):
    """How many messages the disk can take."""
    return int(shutil.disk_usage(directory).free * DISK_SHARE / (size + OVERHEAD))


def read_cold(directory):
    """What the page cache is, and MB/s of a read; leaves it as it was before."""
    for _ in range(2):
        disk.drop_caches()
        rate = disk.read_rate(directory)
    return "cold cache" if disk.drop_caches() else "warm cache", rate


def confirm_latency(broker, options):
    """One publish at a time, some milliseconds apart, with nobody consuming; and what the same
    takes without a broker at the same rate, for an idle machine is slow to wake: fdatasync of a
    block, and a message by way of a relay, which is two hops as publish and confirm are. They take
    turns, for disks are not the same from second to second.
    """
    title = f"1 KiB persistent, {CONFIRMED_RATE} msg/s"
    slices = [confirm_slice(broker, options.seconds) for _ in range(SLICES)]
    medians = {name: statistics.median(part[name] for part in slices) for name in slices[0]}
    for name, value in medians.items():
        yield Figure(f"{title}, {name}", "us"), value
    for floor in ("overwrite", "append"):
        ratio = medians["confirm, p50"] / (medians[f"bare {floor}, p50"] + medians["relay, p50"])
        yield Figure(f"{title}, confirm to bare {floor} and relay, p50", "x"), ratio


def confirm_slice(broker, seconds):
    """Microseconds by name."""
    paced = (CONFIRMED_RATE, seconds)
    parts = {
        "bare overwrite": disk.overwrite_latency(broker.home, *paced),
        "confirm": paced_confirms(broker, *paced),
        "bare append": disk.append_latency(broker.home, *paced),
        "relay": paced_relay(broker.tool, *paced),
    }
    return {f"{part}, {name}": latency[name]
            for part, latency in parts.items() for name in ("p50", "p99")}


def paced_confirms(broker, rate, seconds):
    report = broker.perf("throughput", "--size", KIB, *DURABLE, "--consumers", 0, "--confirm", 1,
                         "--rate", rate, "--seconds", seconds)
    return report["confirm_latency"]


def paced_relay(tool, rate, seconds):
    report = run_tool(tool, "floor", "--only", "relay", "--size", KIB, "--rate", rate,
                      "--seconds", seconds)
    return report["relay"]["paced"]["latency"]


CHECKS = {
    "pfan": Scenario(fan_out, needs_start=True),
    "pamp": Scenario(amplification, needs_start=True),
    "pbacklog": backlog(KIB, lambda options: options.backlog, skip=("RabbitMQ",)),
    "pbacklog1m": backlog(KIB, lambda options: options.short_backlog),
    "psmall": backlog(16, lambda options: options.small, skip=("RabbitMQ",)),
    "platency": Scenario(confirm_latency, needs_start=True),
}
