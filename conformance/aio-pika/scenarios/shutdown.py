import asyncio

from aio_pika import DeliveryMode
from aio_pika.exceptions import ConnectionClosed

from support import PATIENCE, bodies, closing, connect_robust, control, name, publish


async def main():
    async with await connect_robust() as connection:
        reason = closing(connection)
        channel = await connection.channel()
        queue = await channel.declare_queue(name("durable"), durable=True)
        await publish(channel, queue.name, "1", "2", delivery_mode=DeliveryMode.PERSISTENT)

        await control("/broker/stop")

        closed = await asyncio.wait_for(reason, PATIENCE)
        assert isinstance(closed, ConnectionClosed) and closed.args[0] == 320, repr(closed)
        assert closed.args[1].startswith("CONNECTION_FORCED"), repr(closed)
        await control("/broker/start")
        await asyncio.wait_for(channel.ready(), PATIENCE)
        assert await bodies(queue, 2) == ["1", "2"]
        await queue.delete()


asyncio.run(main())
