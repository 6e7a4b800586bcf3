import asyncio
import os

from aio_pika import Message

from support import connect, receive

SIZES = (0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000)


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        sent = [os.urandom(size) for size in SIZES]
        for body in sent:
            await channel.default_exchange.publish(Message(body), queue.name)
        for message, expected in zip(await receive(queue, len(sent)), sent, strict=True):
            came = f"a body of {len(expected)} octets came as {len(message.body)} octets"
            assert message.body == expected, came


asyncio.run(main())
