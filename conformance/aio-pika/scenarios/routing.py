import asyncio

from support import bodies, connect, name, publish, ready


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(name("direct_logs"), auto_delete=True)
        errors = await channel.declare_queue(exclusive=True)
        everything = await channel.declare_queue(exclusive=True)
        await errors.bind(exchange, "error")
        for severity in ("info", "warning", "error"):
            await everything.bind(exchange, severity)

        for severity in ("info", "error", "debug", "warning"):
            await publish(channel, severity, severity, exchange=exchange)

        assert (await ready(errors), await ready(everything)) == (1, 3)
        assert await bodies(errors, 1) == ["error"]
        assert await bodies(everything, 3) == ["info", "error", "warning"]


asyncio.run(main())
