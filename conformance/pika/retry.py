"""Delayed retry, which `delayed_retry` and `classic_retry` show."""

import time

from support import confirming, connect, consume, name, publish, receive, take, texts

LEAST, LIMIT = 0.15, 2


def show_retry(kind):
    """Rejects a message of a queue of this type until it is a dead letter."""
    with connect() as connection:
        channel = confirming(connection)
        channel.basic_qos(prefetch_count=1)
        queue, dead = name("retried"), name("dead")
        channel.queue_declare(dead, exclusive=True)
        arguments = {
            "x-queue-type": kind,
            "x-delayed-retry-type": "failed",
            "x-delayed-retry-min": int(LEAST * 1000),
            "x-delayed-retry-max": int(10 * LEAST * 1000),
            "x-delivery-limit": LIMIT,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead,
        }
        channel.queue_declare(queue, durable=True, arguments=arguments)
        publish(channel, queue, "try", "other")
        jobs = consume(channel, queue)
        rejected = None
        for attempt in range(LIMIT + 1):
            ((method, properties, _),) = take(connection, jobs, 1)
            count = (properties.headers or {}).get("x-delivery-count", 0)
            assert count == attempt, properties
            if attempt:
                assert time.monotonic() - rejected >= LEAST * attempt, "it came too early"
            rejected = time.monotonic()
            channel.basic_reject(method.delivery_tag, requeue=True)
            if not attempt:
                ((method, _, body),) = take(connection, jobs, 1)
                assert body == b"other", "what waits holds up no other"
                channel.basic_ack(method.delivery_tag)
        assert texts(receive(channel, dead, 1)) == ["try"]
        channel.queue_delete(queue)
