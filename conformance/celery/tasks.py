"""The application: its settings and tasks, for the worker and for those who call them."""

import os
import time

from celery import Celery

QUEUE = f"{os.environ['CONFORMANCE_PREFIX']}.tasks"

app = Celery(
    "conformance",
    broker=os.environ["AMQP_URI"],
    backend=os.environ.get("RESULT_BACKEND", "rpc://"),
)
app.conf.update(
    task_default_queue=QUEUE,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    worker_concurrency=1,
    worker_prefetch_multiplier=4,
)

if "DELAY_QUEUE_TYPE" in os.environ:
    app.conf.update(
        task_default_queue_type="quorum",
        task_default_exchange_type="topic",
        worker_detect_quorum_queues=True,
        broker_native_delayed_delivery_queue_type=os.environ["DELAY_QUEUE_TYPE"],
    )


class Unready(Exception):
    """What a task raises that may succeed later."""


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(reason):
    raise ValueError(reason)


@app.task(bind=True, autoretry_for=(Unready,), retry_backoff=1, retry_jitter=False)
def succeed(self, after):
    """Succeeds when it has been tried `after` times in vain."""
    if self.request.retries < after:
        raise Unready(self.request.retries)
    return self.request.retries


@app.task(bind=True, autoretry_for=(Unready,), default_retry_delay=0.1, max_retries=2)
def give_up(self):
    """Fails with the number of retries that it had."""
    raise Unready(self.request.retries)


@app.task
def clock():
    return time.time()


@app.task
def note(path, number):
    """Writes to a file that it ran, and takes its time."""
    with open(path, "a") as notes:
        notes.write(f"{number}\n")
    time.sleep(0.02)
