import asyncio
import time

from aio_pika.exceptions import ChannelNotFoundEntity

from support import PATIENCE, connect, consume, drain, name, publish, refuse_arguments

EXPIRES = 0.8


async def counts(connection, queue):
    """Messages and consumers of a queue, None when there is no such queue."""
    try:
        async with connection.channel() as channel:
            found = (await channel.get_queue(queue.name)).declaration_result
        return found.message_count, found.consumer_count
    except ChannelNotFoundEntity:
        return None


async def gone(connection, queue):
    """Waits until a queue is gone; to look is to use it, so this looks seldom."""
    deadline = time.monotonic() + PATIENCE
    while await counts(connection, queue) is not None:
        assert time.monotonic() < deadline, f"{queue} is still there"
        await asyncio.sleep(1.25 * EXPIRES)


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        dead = await channel.declare_queue(exclusive=True)
        arguments = {
            "x-expires": int(EXPIRES * 1000),
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead.name,
        }
        used = await channel.declare_queue(name("used"), durable=True, arguments=arguments)
        await consume(used, consumer_tag="user")
        idle = await channel.declare_queue(name("idle"), durable=True, arguments=arguments)
        await publish(channel, idle.name, "goes with its queue")
        await gone(connection, idle)
        assert await drain(dead) == [], "what a queue held when it expired was dead-lettered"
        assert await counts(connection, used) == (0, 1)
        await used.cancel("user")
        await gone(connection, used)

        text = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': "
        await refuse_arguments(
            connection,
            ({"x-expires": 0}, text + "{value_zero,0}"),
            ({"x-expires": -1}, text + "{value_negative,-1}"),
        )


asyncio.run(main())
