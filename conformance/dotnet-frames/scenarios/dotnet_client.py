import time

from codec import Typed, long
from dotnet import FIRST_HEARTBEAT, SEQUENCE_NUMBER, VERSION, PublishException
from support import QUIET, connect, name, refused

HEADERS = {
    "string": "text", "byte[]": b"\xff\x00", "bool": True, "int": -5, "long": long(1 << 40),
    "sbyte": Typed("b", -100), "byte": Typed("B", 200), "short": Typed("s", -300),
    "ushort": Typed("u", 60_000), "uint": Typed("i", 1 << 31), "float": Typed("f", 0.5),
    "double": 0.1, "decimal": Typed("D", (2, 314)), "AmqpTimestamp": Typed("T", 1_700_000_000),
    "BinaryTableValue": Typed("x", b"\x00\x01"), "null": None,
    "IList": [1, "two", None, [True]], "IDictionary": {"inner": {"deep": long(-1)}},
}  # fmt: skip


def as_read(value):
    """A header as the library gives it back: strings are byte arrays."""
    match value:
        case str():
            return value.encode()
        case list():
            return [as_read(each) for each in value]
        case dict():
            return {key: as_read(each) for key, each in value.items()}
    return value


def handshake():
    """The lower limit each, by connection.tune-ok; channel.open does not wait for open-ok."""
    with connect() as nameless:
        assert nameless.tuned.channel_max == 2047, nameless.tuned
        assert nameless.tuned.frame_max == 131_072, nameless.tuned
        assert nameless.tuned.heartbeat == 60, nameless.tuned
        assert nameless.server_properties["product"] == b"RabbitMQ", nameless.server_properties
        assert nameless.server_properties["capabilities"]["publisher_confirms"]
        nameless.create_channel()
    with connect(name="orders " + VERSION) as named:
        named.create_channel().close()
    with refused(403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN"):
        connect(password="wrong")


def work(connection):
    """Declares with the library's defaults, consumes with a prefetch, publishes with tracking."""
    receiver, sender = connection.create_channel(), connection.create_channel(confirms=True)
    exchange = name("orders")
    receiver.exchange_declare(exchange, "topic", auto_delete=True)
    receiver.exchange_declare_passive(exchange)
    queue = receiver.queue_declare()
    assert queue.startswith("amq.gen-"), queue
    receiver.queue_bind(queue, exchange, "order.*")
    receiver.basic_qos(2)
    assert receiver.basic_consume(queue).startswith("amq.ctag-")

    large = bytes(range(256)) * 1200
    sender.basic_publish(exchange, "order.new", large, headers=HEADERS)
    for text in b"second", b"third":
        sender.basic_publish(exchange, "order.new", text)
    first, second = receiver.next_delivery(), receiver.next_delivery()
    assert first.body == large and second.body == b"second"
    expected = as_read(HEADERS) | {SEQUENCE_NUMBER: long(1)}
    assert first.properties["headers"] == expected, first.properties
    assert second.properties == {"headers": {SEQUENCE_NUMBER: long(2)}}, second.properties
    assert not connection.process(time.monotonic() + QUIET), "more than the prefetch came"
    receiver.basic_ack(second.delivery_tag, multiple=True)
    third = receiver.next_delivery()
    assert third.body == b"third"
    receiver.basic_nack(third.delivery_tag)
    again = receiver.next_delivery()
    assert again.redelivered and again.body == b"third", again
    receiver.basic_reject(again.delivery_tag, requeue=False)
    assert receiver.queue_declare_passive(queue).messages == 0
    receiver.basic_cancel(again.consumer_tag)
    sender.close()


def tracking(connection):
    """A return finds its publish by the header, and the ack that follows does not."""
    channel, queue = connection.create_channel(confirms=True), name("tracked")
    channel.queue_declare(queue, durable=True, exclusive=False, auto_delete=False)
    publishes = [("", queue), ("", name("nowhere")), ("", queue)]
    numbers = [
        channel.start_publish(exchange, key, b"tracked", mandatory=True, delivery_mode=2)
        for exchange, key in publishes
    ]
    channel.await_confirm(numbers[0])
    try:
        channel.await_confirm(numbers[1])
    except PublishException as exception:
        returned = exception.message
        assert (returned.code, returned.text) == (312, "NO_ROUTE"), returned
        assert returned.routing_key == name("nowhere") and returned.body == b"tracked"
    else:
        raise AssertionError("an unroutable mandatory message was confirmed")
    channel.await_confirm(numbers[2])
    assert channel.basic_get(queue).messages == 1
    assert channel.basic_get(queue).body == b"tracked"
    assert channel.basic_get(queue) is None
    channel.queue_delete(queue)
    channel.close()


def channel_exception(connection):
    """The channel is lost, its number serves the next, and the others go on."""
    other, channel = connection.create_channel(), connection.create_channel()
    with refused(404, "NOT_FOUND - no queue"):
        channel.queue_declare_passive(name("missing"))
    successor = connection.create_channel()
    assert successor.number == channel.number
    for each in successor, other:
        assert each.queue_declare()


def heartbeats():
    """Heartbeats alone keep the connection for three intervals, from both sides."""
    with connect(heartbeat=1) as connection:
        assert connection.tuned.heartbeat == 1, connection.tuned
        channel = connection.create_channel()
        until = time.monotonic() + FIRST_HEARTBEAT + 3
        while connection.process(until):
            pass
        assert connection.heartbeats >= 2, connection.heartbeats
        assert channel.queue_declare()


handshake()
with connect() as connection:
    work(connection)
    tracking(connection)
    channel_exception(connection)
heartbeats()
