import asyncio

from support import bodies, connect, publish, ready

PUBLISHERS, MESSAGES = 8, 250


async def main():
    async with await connect() as connection:
        queue = await (await connection.channel()).declare_queue(exclusive=True)

        async def publisher(number):
            channel = await connection.channel(publisher_confirms=True)
            await publish(channel, queue.name, *(f"{number} {n}" for n in range(MESSAGES)))

        await asyncio.gather(*map(publisher, range(PUBLISHERS)))

        assert await ready(queue) == PUBLISHERS * MESSAGES
        received = await bodies(queue, PUBLISHERS * MESSAGES)
        for number in range(PUBLISHERS):
            mine = [text for text in received if text.startswith(f"{number} ")]
            assert mine == [f"{number} {message}" for message in range(MESSAGES)]


asyncio.run(main())
