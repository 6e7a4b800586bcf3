"""What queues and exchanges cost that do more than plain ones: in turns with these, the messages
being the same.
"""

import statistics

from .figures import Figure

SIZE = 16
PRIORITIES = "--vary", "priority=0..9"
LEVELS = "--queue-argument", "x-max-priority=9"
BACKLOG = 1_000_000
RING = 10_000
HASHED = 1_000_000
HASH_QUEUES = 10
# Ids that a deduplicating exchange remembers, or that are in a queue.
WINDOW = 1_000_000
ID_HEADER = "header:x-deduplication-header"
# Seconds until memory that is given back has gone.
REST = 12


def compared(fresh, options, title, kinds, rate="received_per_second", target=None):
    """Rates of `kinds`, names to arguments, in rounds; and how each compares with the first, in
    percent.
    """
    for number in range(options.rounds):
        rates = {}
        for kind in list(kinds)[::-1 if number % 2 else 1]:
            command, *arguments = kinds[kind]
            with fresh() as broker:
                report = broker.perf(command, "--size", SIZE, "--patience", 60, *arguments,
                                     in_order=False)
            rates[kind] = report[rate]
        first, *others = kinds
        for kind in kinds:
            yield Figure(f"{title}: {kind}", "msg/s", True), rates[kind]
        for kind in others:
            figure = Figure(f"{title}: {kind} to {first}", "%", True, target)
            yield figure, 100 * rates[kind] / rates[first]


def priority(fresh, options):
    """Random priorities in both, for it is the queue that makes a difference."""
    flow = "throughput", "--seconds", options.seconds, *PRIORITIES
    yield from compared(fresh, options, "priorities at once consumed",
                        {"plain queue": flow, "10 levels": (*flow, *LEVELS)}, target=80)
    confirmed = *flow, "--confirm", 1000
    yield from compared(fresh, options, "priorities, published with confirms",
                        {"plain queue": confirmed, "10 levels": (*confirmed, *LEVELS)}, target=80)
    count = options.scaled(BACKLOG)
    backlog = "drain", "--messages", count, *PRIORITIES
    kinds = {"plain queue": backlog, "10 levels": (*backlog, *LEVELS)}
    for what, rate in ("filled", "sent_per_second"), ("emptied", "received_per_second"):
        yield from compared(fresh, options, f"priorities, backlog of {count:,}, {what}", kinds,
                            rate, target=80)


def ring(fresh, options):
    """As fast as one publisher can, without confirms."""
    flow = "throughput", "--seconds", options.seconds
    kept = *flow, "--consumers", 0
    yield from compared(fresh, options, "published", {
        "plain queue, consumed": flow,
        f"x-max-length of {RING:,}, drop-head": (
            *kept, "--queue-argument", f"x-max-length={RING}"),
        "plain queue, no consumer": kept,
    }, "sent_per_second")


def consistent_hash(fresh, options):
    """With many keys; few messages would differ by chance."""
    for keys, values in {"serial": "serial", "random": "0..999999999"}.items():
        with fresh() as broker:
            report = broker.perf("throughput", "--size", SIZE, "--exchange", "x-consistent-hash",
                                 "--queues", HASH_QUEUES, "--messages", HASHED,
                                 "--vary", f"routing-key={values}", "--patience", 60)
        each = report["received_each"]
        mean = statistics.mean(each)
        title = f"consistent hash to {HASH_QUEUES} queues, {HASHED:,} {keys} keys"
        yield Figure(f"{title}, most from the mean", "%", target=5), \
            100 * max(abs(count / mean - 1) for count in each)
        yield Figure(title, "msg/s", True), report["received_per_second"]


def deduplication(fresh, options):
    """Ids that are all different, and so stay in the window as long as they can; then few."""
    window = options.scaled(WINDOW)
    exchange = "--exchange", "x-message-deduplication", \
        "--exchange-argument", f"x-cache-size={window}"
    queue = "--queue-argument", "x-message-deduplication=true"
    flow = "throughput", "--seconds", options.seconds
    serial, few = ("--vary", f"{ID_HEADER}=serial"), ("--vary", f"{ID_HEADER}=0..9")
    fanout = "--exchange", "fanout"
    title = f"exchange with a window of {window:,} ids"
    yield from compared(fresh, options, title, {
        "fanout": (*flow, *serial, *fanout), "deduplicating": (*flow, *serial, *exchange)})
    yield from compared(fresh, options, f"{title}, all duplicates, published", {
        "fanout": (*flow, *few, *fanout, "--consumers", 0),
        "deduplicating": (*flow, *few, *exchange, "--consumers", 0),
    }, "sent_per_second")
    yield from compared(fresh, options, "queue that is consumed", {
        "plain": (*flow, *serial), "deduplicating": (*flow, *serial, *queue)})
    passed = *serial, "--messages", 2 * window, "--confirm", 1000, "--linger", REST
    yield from memory(fresh, title, window, (*passed, *fanout), (*passed, *exchange))
    kept = *serial, "--messages", window, "--confirm", 1000, "--consumers", 0, "--linger", REST
    yield from memory(fresh, f"queue of {window:,} messages", window, kept, (*kept, *queue))


def memory(fresh, title, ids, plain, deduplicating):
    """What ids take in memory, beyond what the same messages take."""
    resident = []
    for arguments in (plain, deduplicating):
        with fresh() as broker:
            report = broker.perf("throughput", "--size", SIZE, "--patience", 60, *arguments)
        used = report["broker"]
        resident.append(used["resident_after"] - used["resident_before"])
    without, with_ids = resident
    yield Figure(f"{title}, RSS beyond a plain one's", "MiB"), (with_ids - without) / 2**20
    yield Figure(f"{title}, RSS for each id", "octets"), (with_ids - without) / ids


FEATURES = {
    "priority": priority,
    "ring": ring,
    "hash": consistent_hash,
    "dedup": deduplication,
}
