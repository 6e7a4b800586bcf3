"""What every kombu scenario needs: the broker's address and names of its own."""

import os
import socket
import time
import urllib.request

import amqp
from kombu import Connection, Consumer, Producer, Queue

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


def connect(**options):
    return Connection(os.environ["AMQP_URI"], **options)


def confirming():
    """A connection on which a publish returns when the broker has confirmed."""
    return connect(transport_options={"confirm_publish": True})


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


def declared(channel, queue_name, **options):
    """A queue with these options, which goes with its connection or its last consumer."""
    queue = Queue(queue_name, exclusive=True, **options)(channel)
    queue.declare()
    return queue


def publish(channel, key, *texts, **options):
    """Publishes these bodies."""
    producer = Producer(channel, serializer="raw")
    for text in texts:
        producer.publish(text, routing_key=key, **options)


def consume(channel, queue, **options):
    """Starts a consumer; its deliveries come with the connection's events."""
    deliveries = []
    options = {"auto_declare": False, "on_message": deliveries.append, **options}
    Consumer(channel, [queue], **options).consume()
    return deliveries


def take(connection, deliveries, count):
    """Waits for the next `count` deliveries of a consumer, and takes them."""
    until(connection, lambda: len(deliveries) >= count)
    taken = deliveries[:count]
    del deliveries[:count]
    return taken


def settled(connection, count, *consumers):
    """Waits until these consumers have so many deliveries together, and sees that no more follow."""
    arrived = lambda: sum(map(len, consumers))
    until(connection, lambda: arrived() >= count)
    quiet(connection)
    assert arrived() == count, consumers


def drain(queue):
    """All that is ready in a queue, by basic.get."""
    return list(iter(lambda: queue.get(no_ack=True), None))


def texts(messages):
    return [message.decode() for message in messages]


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
    return texts(receive(channel, queue, count))


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


def refuse_queues(connection, *cases):
    """Sees that queues with these options are refused with 406 and the text given for each."""
    queue = name("refused")
    for options, text in cases:
        text = f"PRECONDITION_FAILED - {text.replace('{queue}', queue)}"
        refused(connection, 406, text, lambda channel: Queue(queue, **options)(channel).declare())


def control(path):
    """Has the harness do something to the broker, or to this process (harness/control.py)."""
    with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
        assert answer.status == 200, answer.read()
