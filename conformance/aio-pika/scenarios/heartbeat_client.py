import asyncio

from support import PATIENCE, closing, connect, consume, control, name, publish, take, texts


async def main():
    connection = await connect(heartbeat=1)
    reason = closing(connection)
    channel = await connection.channel()
    queue = await channel.declare_queue(name("held"))
    await publish(channel, queue.name, "held")
    assert texts(await take(await consume(queue), 1)) == ["held"]

    await control("/client/freeze?seconds=5")

    await asyncio.wait_for(reason, PATIENCE)
    async with await connect() as other:
        queue = await (await other.channel()).declare_queue(name("held"))
        message = await queue.get(no_ack=True)
        assert message.body == b"held" and message.redelivered
        await queue.delete()


asyncio.run(main())
