import asyncio

from support import bodies, connect, eventually, name, publish, take


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        cancelled, delivered = [], asyncio.Queue()
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(lambda frame: cancelled.append(frame.consumer_tag))
        queue = await channel.declare_queue(name("doomed"))
        tag = await queue.consume(delivered.put, no_ack=True)
        await publish(channel, queue.name, "before")
        await take(delivered, 1)

        await (await connection.channel()).queue_delete(queue.name)

        await eventually(lambda: cancelled == [tag])
        assert not channel.is_closed
        queue = await channel.declare_queue(exclusive=True)
        await publish(channel, queue.name, "after")
        assert await bodies(queue, 1) == ["after"]


asyncio.run(main())
