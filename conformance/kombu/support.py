"""What every kombu scenario needs: the broker's address and names of its own."""

import os
import socket
import time
import urllib.request

import amqp
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


def until(connection, check):
    """Takes in what comes until `check()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        try:
            connection.drain_events(timeout=0.02)
        except TimeoutError:
            pass


def eventually(check):
    """Waits until `check()` is true, which something else brings about."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.02)


def refused(connection, code, text, call):
    """Has `call`, with a channel of its own, end in a channel exception with this text in it."""
    try:
        call(connection.channel())
    except amqp.exceptions.ChannelError as error:
        assert error.reply_code == code and text in error.reply_text, error
    else:
        raise AssertionError(f"not refused with {code} {text}")


def control(path):
    """Has the harness do something to the broker, or to this process (harness/control.py)."""
    with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
        assert answer.status == 200, answer.read()
