import asyncio
import time

from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.exceptions import ChannelLockedResource

from support import PATIENCE, connect, consume, name, refused


async def is_there(connection, queue=None, exchange=None):
    channel = await connection.channel()
    try:
        await (channel.get_queue(queue) if queue else channel.get_exchange(exchange))
        return True
    except ChannelNotFoundEntity:
        return False


async def gone(connection, queue):
    """Waits until there is no such queue any more."""
    deadline = time.monotonic() + PATIENCE
    while await is_there(connection, queue):
        assert time.monotonic() < deadline, f"{queue} is still there"


async def main():
    async with await connect() as other:
        owner = await connect()
        queue = name("exclusive")
        await (await owner.channel()).declare_queue(queue, exclusive=True)

        async def locked(use):
            text = f"cannot obtain exclusive access to locked queue '{queue}' in vhost '/'"
            await refused(other, ChannelLockedResource, f"RESOURCE_LOCKED - {text}", use)

        async def consuming(channel):
            await consume(await channel.get_queue(queue, ensure=False))

        await locked(lambda channel: channel.get_queue(queue))
        await locked(consuming)
        await locked(lambda channel: channel.queue_delete(queue))
        await owner.close()
        await gone(other, queue)

        ignore = asyncio.Queue().put
        channel = await other.channel()
        queue = await channel.declare_queue(name("auto-delete"), auto_delete=True)
        first, second = await queue.consume(ignore), await queue.consume(ignore)
        await queue.cancel(first)
        assert await is_there(other, queue.name)
        await queue.cancel(second)
        assert not await is_there(other, queue.name)
        await queue.declare()
        await queue.consume(ignore)
        await channel.close()
        await gone(other, queue.name)

        channel = await other.channel()
        exchange = await channel.declare_exchange(name("exchange"), "fanout", auto_delete=True)
        queues = [await channel.declare_queue(exclusive=True) for _ in range(2)]
        for queue in queues:
            await queue.bind(exchange)
        await queues[0].unbind(exchange)
        assert await is_there(other, exchange=exchange.name)
        await queues[1].delete()
        assert not await is_there(other, exchange=exchange.name)


asyncio.run(main())
