import asyncio

from support import closing, connect, connect_robust, control


async def main():
    connection = await connect_robust(heartbeat=1)
    reason = closing(connection)
    await asyncio.sleep(3)
    assert not reason.done()

    await control("/broker/freeze")
    await asyncio.wait_for(reason, 20)
    await control("/broker/thaw")

    await asyncio.wait_for(connection.ready(), 10)
    await connection.channel()
    await connection.close()


asyncio.run(main())
