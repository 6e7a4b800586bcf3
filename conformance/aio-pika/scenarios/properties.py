import asyncio
import datetime
import decimal

from aio_pika import DeliveryMode, Message

from support import connect, receive

headers = {
    "text": "grüße",
    "octets": bytearray(b"\x00\xff"),
    "true": True,
    "false": False,
    "short": 7,
    "int": -70_000,
    "long": 2**40,
    "smallest": -(2**63),
    "float": 0.5,
    "decimal": decimal.Decimal("12.34"),
    "time": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    "nothing": None,
    "list": ["one", 2, [True, None], {"k": "v"}],
    "table": {"inner": {"deep": 1}, "empty": {}},
}
properties = {
    "content_type": "application/json",
    "content_encoding": "gzip",
    "delivery_mode": DeliveryMode.PERSISTENT,
    "priority": 5,
    "correlation_id": "c-1",
    "reply_to": "somewhere",
    "expiration": 60,
    "message_id": "m-1",
    "timestamp": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    "type": "kind",
    "user_id": "guest",
    "app_id": "conformance",
}


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for message in (Message(b"all", headers=headers, **properties), Message(b"none")):
            await channel.default_exchange.publish(message, queue.name)

        every, none = await receive(queue, 2)
        for key, value in properties.items():
            assert getattr(every, key) == value, (key, value, getattr(every, key))
        assert every.headers.keys() == headers.keys()
        for key, value in headers.items():
            assert every.headers[key] == value, (key, value, every.headers[key])
        assert none.headers == {}
        given = {"delivery_mode", "priority", "message_id"}
        for key in properties.keys() - given:
            assert getattr(none, key) is None, (key, getattr(none, key))
        assert none.delivery_mode == DeliveryMode.NOT_PERSISTENT


asyncio.run(main())
