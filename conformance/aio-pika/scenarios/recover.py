import asyncio

from support import connect, consume, name, publish, ready, take, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name("recovered"), exclusive=True)
        await publish(channel, queue.name, "1", "2", "3")
        deliveries = await consume(queue)
        first = await take(deliveries, 3)
        assert [message.redelivered for message in first] == [False] * 3
        await first[1].ack()

        await (await channel.get_underlay_channel()).basic_recover(requeue=True)

        again = await take(deliveries, 2)
        assert texts(again) == ["1", "3"]
        assert [message.redelivered for message in again] == [True] * 2
        await again[-1].ack(multiple=True)
        await channel.close()
        channel = await connection.channel()
        assert await ready(await channel.declare_queue(queue.name, exclusive=True)) == 0


asyncio.run(main())
