"""The application: its broker and actors, for the worker and for those who send to them."""

import os
import time

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.middleware import CurrentMessage

QUEUE = f"{os.environ['CONFORMANCE_PREFIX']}.actors"

broker = RabbitmqBroker(url=os.environ["AMQP_URI"], confirm_delivery=True)
broker.add_middleware(CurrentMessage())
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def note(path, text):
    """Writes to a file that it ran, and when."""
    with open(path, "a") as notes:
        notes.write(f"{text} {time.time()}\n")


@dramatiq.actor(queue_name=QUEUE, max_retries=5, min_backoff=400)
def succeed(path, after):
    """Succeeds when it has been tried `after` times in vain, and notes each time."""
    retries = CurrentMessage.get_current_message().options.get("retries", 0)
    note.fn(path, f"retry-{retries}")
    if retries < after:
        raise RuntimeError("not yet")


@dramatiq.actor(queue_name=QUEUE, max_retries=1, min_backoff=100)
def give_up():
    raise RuntimeError("on purpose")
