"""What every aio-pika scenario needs: the broker's address and names of its own."""

import asyncio
import os
import time
import urllib.request

import aio_pika
from aio_pika.exceptions import ChannelPreconditionFailed

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""


async def connect(**options):
    return await aio_pika.connect(os.environ["AMQP_URI"], **options)


async def connect_robust(**options):
    """A connection that the library brings back, soon, with all that was declared on it."""
    return await aio_pika.connect_robust(os.environ["AMQP_URI"], reconnect_interval=0.5, **options)


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


async def publish(channel, key, *texts, exchange=None, **properties):
    """Publishes these bodies with these properties, each confirmed on a channel that confirms."""
    exchange = exchange or channel.default_exchange
    for text in texts:
        message = aio_pika.Message(text.encode(), **properties)
        await exchange.publish(message, key, mandatory=False)


async def receive(queue, count, no_ack=True):
    """The next `count` messages of `queue`."""
    messages = []
    async with asyncio.timeout(PATIENCE), queue.iterator(no_ack=no_ack) as incoming:
        async for message in incoming:
            messages.append(message)
            if len(messages) == count:
                break
    return messages


async def bodies(queue, count):
    return texts(await receive(queue, count))


async def consume(queue, **options):
    """Starts a consumer whose deliveries wait to be taken."""
    deliveries = asyncio.Queue()
    await queue.consume(deliveries.put, **options)
    return deliveries


async def take(deliveries, count):
    """The next `count` deliveries of a consumer."""
    async with asyncio.timeout(PATIENCE):
        return [await deliveries.get() for _ in range(count)]


async def settled(*counts):
    """Waits until each consumer has so many deliveries, and sees that no more follow."""
    await eventually(lambda: all(came.qsize() >= count for came, count in counts))
    await asyncio.sleep(QUIET)
    assert all(came.qsize() == count for came, count in counts), counts


def texts(messages):
    return [message.body.decode() for message in messages]


async def ready(queue):
    """The number of messages that wait in a queue."""
    found = await queue.channel.get_queue(queue.name)
    return found.declaration_result.message_count


async def drain(queue):
    """All that is ready in a queue, by basic.get."""
    messages = []
    while message := await queue.get(no_ack=True, fail=False):
        messages.append(message)
    return messages


async def eventually(check):
    """Waits until `check()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        await asyncio.sleep(0.02)


async def refused(connection, error, text, call):
    """Has `call`, with a channel of its own, end in this exception with this text in it."""
    channel = await connection.channel()
    try:
        await call(channel)
    except error as exception:
        assert text in str(exception), exception
    else:
        raise AssertionError(f"not refused with {error} {text}")


async def refuse_arguments(connection, *cases):
    """Sees that queues with these arguments are refused with the text given for each."""
    queue = name("refused")
    for arguments, text in cases:
        text = f"PRECONDITION_FAILED - {text.replace('{queue}', queue)}"
        declare = lambda channel: channel.declare_queue(queue, arguments=arguments)
        await refused(connection, ChannelPreconditionFailed, text, declare)


def closing(connection):
    """What will be the reason for which a connection ends."""
    reason = asyncio.get_running_loop().create_future()
    connection.close_callbacks.add(lambda _, error: reason.done() or reason.set_result(error))
    return reason


async def control(path):
    """Has the harness do something to the broker, or to this process (harness/control.py)."""

    def get():
        with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
            assert answer.status == 200, answer.read()

    await asyncio.to_thread(get)
