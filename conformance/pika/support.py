"""What every pika scenario needs: the broker's address and names of its own."""

import os
import time
import urllib.request

import pika

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


def connect(**options):
    """A connection; `options` are attributes of its parameters."""
    parameters = pika.URLParameters(os.environ["AMQP_URI"])
    for option, value in options.items():
        setattr(parameters, option, value)
    return pika.BlockingConnection(parameters)


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


def confirming(connection):
    """A channel on which `publish` returns when the broker has confirmed."""
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def publish(channel, key, *texts, exchange="", **properties):
    """Publishes these bodies with these properties; NackError when the broker refuses one."""
    for text in texts:
        channel.basic_publish(exchange, key, text, pika.BasicProperties(**properties))


def consume(channel, queue, **options):
    """Starts a consumer; its deliveries come with the connection's events."""
    deliveries = []
    channel.basic_consume(queue, lambda _, *delivery: deliveries.append(delivery), **options)
    return deliveries


def take(connection, deliveries, count):
    """Waits for the next `count` deliveries, as (method, properties, body), and takes them."""
    deadline = time.monotonic() + PATIENCE
    while len(deliveries) < count:
        assert time.monotonic() < deadline, f"{len(deliveries)} of {count} messages came"
        connection.process_data_events(0.1)
    taken = deliveries[:count]
    del deliveries[:count]
    return taken


def texts(deliveries):
    return [body.decode() for _, _, body in deliveries]


def drain(channel, queue):
    """All that is ready in `queue`, by basic.get."""
    messages = []
    while (message := channel.basic_get(queue, auto_ack=True))[0] is not None:
        messages.append(message)
    return messages


def eventually(check):
    """Waits until `check()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.02)


def refused(connection, code, text, call):
    """Has `call`, with a channel of its own, end in a channel exception with this text in it."""
    channel = connection.channel()
    try:
        call(channel)
        channel.queue_declare("", exclusive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        assert error.reply_code == code and text in error.reply_text, error
    else:
        raise AssertionError(f"not refused with {code} {text}")


def refuse_arguments(connection, cases, **options):
    """Sees that queues with these arguments are refused with 406 and the text given for each."""
    queue = name("refused")
    for arguments, text in cases:
        refused(
            connection,
            406,
            f"PRECONDITION_FAILED - {text.replace('{queue}', queue)}",
            lambda channel: channel.queue_declare(queue, arguments=arguments, **options),
        )


def control(path):
    """Has the harness do something to the broker, or to this process (harness/control.py)."""
    with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
        assert answer.status == 200, answer.read()
