import asyncio

from aio_pika import ExchangeType
from aio_pika.exceptions import ChannelPreconditionFailed

from support import connect, drain, name, publish, refused, texts

KINDS = {
    "key": {},
    "header": {"hash-header": "customer"},
    "property": {"hash-property": "correlation_id"},
}
CUSTOMERS, EACH = 40, 2


def declare(channel, kind, arguments):
    options = {"auto_delete": True, "arguments": arguments}
    return channel.declare_exchange(name(kind), ExchangeType.X_CONSISTENT_HASH, **options)


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        for kind, arguments in KINDS.items():
            exchange = await declare(channel, kind, arguments)
            queues = [await channel.declare_queue(exclusive=True) for _ in range(3)]
            for queue, weight in zip(queues, ("10", "20", "10")):
                await queue.bind(exchange, weight)
            for customer in map(str, list(range(CUSTOMERS)) * EACH):
                other = {"headers": {"customer": customer}, "correlation_id": customer}
                key = customer if kind == "key" else "same"
                await publish(channel, key, customer, exchange=exchange, **other)
            shares = [texts(await drain(queue)) for queue in queues]
            assert sum(map(len, shares)) == CUSTOMERS * EACH, "each message arrives once"
            assert all(shares), "every queue gets some"
            distinct = sum(len(set(share)) for share in shares)
            assert distinct == CUSTOMERS, "a customer's messages go to one queue"

        exchange = await declare(channel, "wrong", None)
        queue = await channel.declare_queue(exclusive=True)

        async def bind(channel):
            await (await channel.get_queue(queue.name)).bind(exchange, "0")

        both = {"hash-header": "a", "hash-property": "message_id"}
        for text, call in {
            "The binding key must be greater than 0": bind,
            "hash-header and hash-property are mutually exclusive": (
                lambda channel: declare(channel, "both", both)
            ),
            "Unsupported property: app_id": (
                lambda channel: declare(channel, "other", {"hash-property": "app_id"})
            ),
        }.items():
            await refused(connection, ChannelPreconditionFailed, text, call)
        await exchange.delete()


asyncio.run(main())
