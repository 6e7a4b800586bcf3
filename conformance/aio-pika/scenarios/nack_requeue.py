import asyncio

from support import connect, publish, receive, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await publish(channel, queue.name, *map(str, range(5)))

        messages = [await queue.get() for _ in range(5)]
        await messages[3].nack(requeue=True)
        await messages[1].reject(requeue=True)
        await messages[4].reject(requeue=False)
        again = [await queue.get() for _ in range(2)]
        assert texts(again) == ["1", "3"] and all(message.redelivered for message in again)

        await again[-1].nack(multiple=True, requeue=True)
        came = await receive(queue, 4)
        assert texts(came) == ["0", "1", "2", "3"]
        assert all(message.redelivered for message in came)

        await publish(channel, queue.name, "unwanted")
        await (await queue.get()).nack(requeue=False)
        assert await queue.get(fail=False) is None


asyncio.run(main())
