import asyncio

from support import connect, publish

CHANNELS = 1000


async def main():
    async with await connect() as connection:
        channels = [await connection.channel() for _ in range(CHANNELS)]
        assert len({channel.number for channel in channels}) == CHANNELS
        queue = await channels[0].declare_queue(exclusive=True)
        for number, channel in enumerate(channels):
            await publish(channel, queue.name, str(number))
            shared = await channel.get_queue(queue.name, ensure=False)
            assert (await shared.get(no_ack=True)).body.decode() == str(number)
        for channel in channels:
            await channel.close()
        assert not (await connection.channel()).is_closed


asyncio.run(main())
