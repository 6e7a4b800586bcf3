import time

import amqp
from kombu import Consumer, Queue

from support import PATIENCE, confirming, declared, drain, name, publish, refuse_queues

EXPIRES = 0.8


def counts(connection, queue):
    """Messages and consumers of a queue, None when there is no such queue."""
    try:
        with connection.channel() as channel:
            found = queue(channel).queue_declare(passive=True)
        return found.message_count, found.consumer_count
    except amqp.exceptions.NotFound:
        return None


def await_end(connection, queue):
    """Waits until a queue is gone; to look is to use it, so this looks seldom."""
    deadline = time.monotonic() + PATIENCE
    while counts(connection, queue) is not None:
        assert time.monotonic() < deadline, f"{queue} is still there"
        time.sleep(1.25 * EXPIRES)


with confirming() as connection:
    channel = connection.channel()
    dead = declared(channel, name("dead"))
    to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name}
    used, idle = (
        Queue(name(suffix), expires=EXPIRES, queue_arguments=to) for suffix in ("used", "idle")
    )
    consumer = Consumer(channel, [used])
    consumer.consume()
    idle(channel).declare()
    publish(channel, idle.name, "goes with its queue")
    await_end(connection, idle)
    assert drain(dead) == [], "what a queue held when it expired was dead-lettered"
    assert counts(connection, used) == (0, 1)
    consumer.cancel()
    await_end(connection, used)

    text = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': "
    refuse_queues(
        connection,
        ({"expires": 0}, text + "{value_zero,0}"),
        ({"expires": -0.001}, text + "{value_negative,-1}"),
    )
