import asyncio

from support import connect, name, publish, ready


async def main():
    async with await connect() as connection:
        watched = await (await connection.channel()).declare_queue(name("tx"))
        channel = await connection.channel(publisher_confirms=False)
        queue = await channel.declare_queue(name("tx"))
        transaction = channel.transaction()
        await transaction.select()
        await publish(channel, queue.name, "undone")
        await transaction.rollback()
        assert await ready(watched) == 0

        await publish(channel, queue.name, "done")
        assert await ready(watched) == 0
        await transaction.commit()
        assert await ready(watched) == 1

        await (await queue.get()).ack()
        await transaction.rollback()
        await channel.close()
        assert await ready(watched) == 1, "an ack outlived its rollback"

        channel = await connection.channel(publisher_confirms=False)
        queue = await channel.declare_queue(name("tx"))
        async with channel.transaction():
            await (await queue.get()).ack()
        await channel.close()
        assert await ready(watched) == 0
        await watched.delete()


asyncio.run(main())
