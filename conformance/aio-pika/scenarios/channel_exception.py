import asyncio

from aio_pika import Message
from aio_pika.exceptions import ChannelNotFoundEntity

from support import bodies, connect, name, publish, refused


async def main():
    async with await connect() as connection:
        bystander = await connection.channel()
        queue = await bystander.declare_queue(exclusive=True)

        missing = name("missing")
        channel = await connection.channel()
        try:
            await channel.get_queue(missing)
            raise AssertionError("a missing queue was declared passively")
        except ChannelNotFoundEntity as closed:
            assert str(closed) == f"NOT_FOUND - no queue '{missing}' in vhost '/'"
        assert channel.is_closed

        async def lose(channel):
            exchange = await channel.get_exchange(missing, ensure=False)
            await exchange.publish(Message(b"lost"), "")

        text = f"NOT_FOUND - no exchange '{missing}' in vhost '/'"
        await refused(connection, ChannelNotFoundEntity, text, lose)

        assert not connection.is_closed
        await publish(bystander, queue.name, "still here")
        assert await bodies(queue, 1) == ["still here"]
        assert not (await connection.channel()).is_closed


asyncio.run(main())
