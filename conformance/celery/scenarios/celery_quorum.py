"""By native delayed delivery what is for later waits in the broker, in a queue for each bit of its seconds."""

import contextlib
import datetime
import os
import tempfile
import time
from pathlib import Path

os.environ["DELAY_QUEUE_TYPE"] = "quorum"

from kombu import Consumer, Exchange, Queue
from kombu.transport import native_delayed_delivery as delays
from tasks import QUEUE, add, app, clock, note, succeed

from support import PATIENCE, delete, eventually, prefetch, worker

TASKS = 50
PREFETCH = app.conf.worker_concurrency * app.conf.worker_prefetch_multiplier
LEVELS = [delays.level_name(level) for level in range(delays.MAX_NUMBER_OF_BITS_TO_USE)]
"""Names of exchanges and of queues, the same for everyone who uses the virtual host."""
YEARS = 2**delays.MAX_LEVEL
"""Seconds for which a task waits in the last of them, four years."""

ROUNDING = 0.005
"""RabbitMQ counts the time in a queue in whole milliseconds."""


def from_now(seconds):
    """The time in so many seconds."""
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def delete_delays(connection):
    """Deletes what the worker declares for what comes later, with the tasks in it."""
    channel = connection.default_channel
    for level in LEVELS:
        channel.queue_delete(level)
        channel.exchange_delete(level)
    channel.exchange_delete(delays.CELERY_DELAYED_DELIVERY_EXCHANGE)


@contextlib.contextmanager
def delayed_delivery(kind, connection):
    """A worker and its queues of that type for what comes later, for as long as the context lasts."""
    os.environ["DELAY_QUEUE_TYPE"] = kind
    try:
        with worker():
            # It takes its first task when it has declared them.
            assert add.delay(2, 3).get(timeout=PATIENCE) == 5
            for level in LEVELS:
                assert waiting(connection, level) == 0
            yield
    finally:
        delete_delays(connection)


def waiting(connection, queue):
    """How many messages are ready in a queue."""
    return connection.default_channel.queue_declare(queue, passive=True).message_count


class Witness:
    """Gets a copy of each message that has waited, and notes how early it came and from which levels."""

    def __init__(self, connection):
        exchange = Exchange(delays.CELERY_DELAYED_DELIVERY_EXCHANGE, type="topic")
        queue = Queue(f"{QUEUE}.witness", exchange, routing_key="#", exclusive=True)
        self.consumer = Consumer(connection, [queue], on_message=self.on_message, no_ack=True)
        self.seen = {}

    def on_message(self, message):
        arrived, headers = time.time(), message.headers
        key = (headers["id"], headers["retries"])
        assert key not in self.seen, f"{key} came twice"
        early = datetime.datetime.fromisoformat(headers["eta"]).timestamp() - arrived
        levels = {death["queue"] for death in headers["x-death"]}
        self.seen[key] = early, sorted(LEVELS.index(level) for level in levels)


def run_once():
    """Tasks that are due at once run in their order, each once."""
    with tempfile.TemporaryDirectory(prefix="notes-") as folder:
        notes = Path(folder) / "notes"
        results = [note.delay(str(notes), number) for number in range(TASKS)]
        for result in results:
            result.get(timeout=PATIENCE)
        assert notes.read_text().split() == [str(number) for number in range(TASKS)]


def run_later(connection):
    """Tasks come out of the queues for the bits of their whole seconds, each once and none before its time."""
    witness = Witness(connection)
    with witness.consumer:
        later = {seconds: clock.apply_async(countdown=seconds) for seconds in (1, 2, 3)}
        eta = from_now(2.5)
        dated = clock.apply_async(eta=eta)
        tried = succeed.delay(after=2)
        add.apply_async((1, 1), countdown=YEARS, ignore_result=True)

        # Its retries have a back-off of one second, and of two.
        expected = {(tried.id, 1): [0], (tried.id, 2): [1], (dated.id, 0): [1]}
        expected |= {(later[1].id, 0): [0], (later[2].id, 0): [1], (later[3].id, 0): [0, 1]}
        while witness.seen.keys() != expected.keys():
            connection.drain_events(timeout=PATIENCE)
        for key, (early, levels) in witness.seen.items():
            assert levels == expected[key], (levels, expected[key])
            # The worker has a task wait for the rest of a second.
            rest = 0.5 if key[0] == dated.id else 0
            assert early - rest <= ROUNDING, f"{early - rest} seconds too early after {levels}"

        for result in later.values():
            result.get(timeout=PATIENCE)
        assert dated.get(timeout=PATIENCE) >= eta.timestamp()
        assert tried.get(timeout=PATIENCE) == 2
        counts = [0] * delays.MAX_LEVEL + [1]
        eventually(lambda: [waiting(connection, level) for level in LEVELS] == counts)


def block():
    """What is for later and sent to the queue itself blocks the worker: its consumer keeps the first prefetch."""
    direct = Queue(QUEUE, Exchange(""), QUEUE, queue_arguments={"x-queue-type": "quorum"})
    eta = from_now(3)
    results = [clock.apply_async(eta=eta, queue=direct) for _ in range(PREFETCH + 1)]
    last = clock.delay()
    eventually(lambda: prefetch(app) == 2 * PREFETCH)
    assert last.get(timeout=PATIENCE) >= eta.timestamp()
    for result in results:
        assert result.get(timeout=PATIENCE) >= eta.timestamp()


with app.connection() as connection:
    with delayed_delivery("quorum", connection):
        run_once()
        run_later(connection)
        block()
    with delayed_delivery("classic", connection):
        run_later(connection)
delete(app, QUEUE)
