import asyncio

from aiormq.exceptions import ChannelAccessRefused

from support import connect, consume, name, publish, refused, settled, take, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await channel.set_qos(prefetch_count=1)
        low = await consume(queue, arguments={"x-priority": -1})
        high = await consume(queue, arguments={"x-priority": 10})
        await publish(channel, queue.name, "1", "2", "3")
        await settled((high, 1), (low, 1))
        (held,) = await take(high, 1)
        assert held.body == b"1"
        await held.ack()
        await settled((high, 1), (low, 1))
        assert texts(await take(high, 1) + await take(low, 1)) == ["3", "2"]

        single = {"exclusive": True, "arguments": {"x-single-active-consumer": True}}
        first, second = await connection.channel(), await connection.channel()
        queues = [await channel.declare_queue(name("single"), **single) for channel in (first, second)]
        active, waiting = await consume(queues[0]), await consume(queues[1])
        await publish(second, name("single"), "1", "2")
        await settled((active, 2), (waiting, 0))
        await first.close()
        await settled((waiting, 2))
        taken = await take(waiting, 2)
        assert texts(taken) == ["1", "2"] and all(message.redelivered for message in taken)

        async def exclusively(channel):
            queue = await channel.declare_queue(name("single"), **single)
            await consume(queue, exclusive=True)

        await refused(connection, ChannelAccessRefused, "ACCESS_REFUSED", exclusively)


asyncio.run(main())
