"""A robust connection brings back its channels, what was declared on them, and the consumers."""

import asyncio

from aio_pika import DeliveryMode

from support import PATIENCE, bodies, closing, connect_robust, consume, control, name, publish, take, texts


async def main():
    async with await connect_robust() as connection:
        reason = closing(connection)
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1)
        exchange = await channel.declare_exchange(name("exchange"))
        live = await channel.declare_queue(name("live"), exclusive=True)
        await live.bind(exchange, "live")
        deliveries = await consume(live)
        kept = await channel.declare_queue(name("kept"), durable=True)
        await publish(channel, kept.name, "1", "2", "3", delivery_mode=DeliveryMode.PERSISTENT)
        await publish(channel, "live", "before", exchange=exchange)
        (message,) = await take(deliveries, 1)
        await message.ack()

        await control("/broker/kill")
        await asyncio.wait_for(reason, PATIENCE)
        await control("/broker/start")
        await asyncio.wait_for(channel.ready(), PATIENCE)

        await publish(channel, "live", "after 1", "after 2", exchange=exchange)
        for text in ("after 1", "after 2"):
            (message,) = await take(deliveries, 1)
            assert texts([message]) == [text]
            assert deliveries.empty(), "the prefetch was not brought back"
            await message.ack()
        assert await bodies(kept, 3) == ["1", "2", "3"]
        await kept.delete()
        await exchange.delete()


asyncio.run(main())
