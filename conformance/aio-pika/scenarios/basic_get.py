import asyncio

from aio_pika.exceptions import QueueEmpty

from support import connect, name, publish


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name("polled"))
        assert await queue.get(fail=False) is None
        try:
            await queue.get()
            raise AssertionError("an empty queue gave a message")
        except QueueEmpty:
            pass

        await publish(channel, queue.name, "one", "two", "three")
        message = await queue.get(no_ack=True)
        assert (message.body, message.message_count, message.redelivered) == (b"one", 2, False)
        assert (message.exchange, message.routing_key) == ("", queue.name)
        message = await queue.get()
        assert (message.body, message.message_count) == (b"two", 1)
        await message.ack()
        message = await queue.get()
        assert (message.body, message.message_count) == (b"three", 0)
        assert await queue.get(fail=False) is None
        await channel.close()

        channel = await connection.channel()
        queue = await channel.declare_queue(queue.name)
        message = await queue.get(no_ack=True)
        assert (message.body, message.redelivered) == (b"three", True)
        await queue.delete()


asyncio.run(main())
