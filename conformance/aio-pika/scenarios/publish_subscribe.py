import asyncio

from aio_pika import ExchangeType
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity

from support import bodies, connect, name, publish, refused


async def subscribe(connection):
    channel = await connection.channel()
    exchange = await channel.declare_exchange(name("logs"), ExchangeType.FANOUT)
    queue = await channel.declare_queue(exclusive=True)
    assert queue.name.startswith("amq.gen-"), queue.name
    await queue.bind(exchange)
    return queue


async def main():
    async with await connect() as publisher:
        channel = await publisher.channel()
        exchange = await channel.declare_exchange(name("logs"), ExchangeType.FANOUT)
        await publish(channel, "", "nobody listens", exchange=exchange)

        first, second = await connect(), await connect()
        subscriptions = [await subscribe(first), await subscribe(second)]
        await publish(channel, "ignored", "info: one", "info: two", exchange=exchange)
        for queue in subscriptions:
            assert await bodies(queue, 2) == ["info: one", "info: two"]

        find = lambda channel: channel.get_queue(subscriptions[0].name)
        await refused(publisher, ChannelLockedResource, "RESOURCE_LOCKED", find)
        await first.close()
        await second.close()
        await refused(publisher, ChannelNotFoundEntity, "NOT_FOUND", find)
        await exchange.delete()


asyncio.run(main())
