import asyncio

from support import connect, consume, publish, settled


async def prepare(connection):
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await publish(channel, queue.name, *map(str, range(10)))
    return channel, queue


async def main():
    async with await connect() as connection:
        channel, queue = await prepare(connection)
        await channel.set_qos(prefetch_count=2)
        first = await consume(queue)
        await settled((first, 2))
        await first.get_nowait().ack()
        await settled((first, 2))
        first.get_nowait()
        await first.get_nowait().ack(multiple=True)
        await settled((first, 2))
        second = await consume(queue)
        await settled((first, 2), (second, 2))
        await channel.close()

        channel, queue = await prepare(connection)
        await channel.set_qos(prefetch_count=3, global_=True)
        deliveries = asyncio.Queue()
        for _ in range(2):
            await queue.consume(deliveries.put)
        await settled((deliveries, 3))
        for _ in range(2):
            deliveries.get_nowait()
        await deliveries.get_nowait().ack(multiple=True)
        await settled((deliveries, 3))


asyncio.run(main())
