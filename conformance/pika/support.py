"""What every pika scenario needs: the broker's address and names of its own."""

import os

import pika

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


def connect():
    return pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URI"]))


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


def receive(channel, queue, count, auto_ack=True):
    """The next `count` messages of `queue`, as (method, properties, body)."""
    messages = []
    for message in channel.consume(queue, auto_ack=auto_ack, inactivity_timeout=PATIENCE):
        assert message[0] is not None, f"{len(messages)} of {count} messages came"
        messages.append(message)
        if len(messages) == count:
            break
    channel.cancel()
    return messages


def bodies(channel, queue, count):
    return [body.decode() for _, _, body in receive(channel, queue, count)]
