import asyncio

from support import bodies, connect, name, publish


async def main():
    queue = name("hello")

    async with await connect() as sender:
        channel = await sender.channel()
        await channel.declare_queue(queue)
        await publish(channel, queue, "Hello World!")

    async with await connect() as receiver:
        channel = await receiver.channel()
        hello = await channel.declare_queue(queue)
        assert await bodies(hello, 1) == ["Hello World!"]
        await hello.delete()


asyncio.run(main())
