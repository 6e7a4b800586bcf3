import asyncio

from aio_pika import ExchangeType
from aio_pika.exceptions import ChannelPreconditionFailed

from support import bodies, connect, name, publish, ready, refused


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        options = {"type": ExchangeType.HEADERS, "auto_delete": True}
        exchange = await channel.declare_exchange(name("headers"), **options)
        queues = {}
        for match in "all", "any":
            queues[match] = await channel.declare_queue(exclusive=True)
            wanted = {"x-match": match, "format": "pdf", "pages": 2}
            await queues[match].bind(exchange, "ignored", arguments=wanted)

        for text, headers in {
            "both": {"format": "pdf", "pages": 2, "x": 1},
            "one": {"format": "pdf", "pages": 3},
            "none": {"format": "PDF"},
            "bare": None,
        }.items():
            await publish(channel, "", text, exchange=exchange, headers=headers)

        assert await bodies(queues["all"], 1) == ["both"]
        assert await bodies(queues["any"], 2) == ["both", "one"]
        assert [await ready(queue) for queue in queues.values()] == [0, 0]

        async def bind(channel):
            queue = await channel.get_queue(queues["all"].name)
            await queue.bind(exchange, "", arguments={"x-match": "some"})

        text = "Invalid x-match field value"
        await refused(connection, ChannelPreconditionFailed, text, bind)


asyncio.run(main())
