"""What every kombu scenario needs: the broker's address and names of its own."""

import os
import socket

from kombu import Connection, Consumer, Queue

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


def connect(**options):
    return Connection(os.environ["AMQP_URI"], **options)


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


def receive(channel, queue, count, no_ack=True):
    """The next `count` messages of `queue`."""
    messages = []
    consumer = Consumer(
        channel, [queue], no_ack=no_ack, on_message=messages.append, auto_declare=False
    )
    with consumer:
        while len(messages) < count:
            channel.connection.client.drain_events(timeout=PATIENCE)
    return messages


def bodies(channel, queue, count):
    return [message.decode() for message in receive(channel, queue, count)]


def quiet(connection):
    """Takes in whatever comes until nothing has come for a while."""
    try:
        while True:
            connection.drain_events(timeout=QUIET)
    except (socket.timeout, TimeoutError):
        pass


def ready(channel, queue_name):
    """The number of messages that wait in a queue; raises when there is no such queue."""
    return Queue(queue_name, channel=channel).queue_declare(passive=True).message_count
