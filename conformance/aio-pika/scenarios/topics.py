import asyncio

from aio_pika import ExchangeType

from support import bodies, connect, name, publish, ready

bindings = {
    "orange": ["*.orange.*"],
    "rabbits and lazy": ["*.*.rabbit", "lazy.#"],
    "all": ["#"],
}
expected = {
    "orange": ["quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox"],
    "rabbits and lazy": [
        "quick.orange.rabbit",
        "lazy.orange.elephant",
        "lazy.brown.fox",
        "lazy.pink.rabbit",
        "lazy.orange.new.rabbit",
        "lazy",
    ],
    "all": [
        "quick.orange.rabbit",
        "lazy.orange.elephant",
        "quick.orange.fox",
        "lazy.brown.fox",
        "lazy.pink.rabbit",
        "quick.brown.fox",
        "orange",
        "quick.orange.new.rabbit",
        "lazy.orange.new.rabbit",
        "lazy",
    ],
}


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(name("topic_logs"), ExchangeType.TOPIC)
        queues = {}
        for subscriber, keys in bindings.items():
            queues[subscriber] = await channel.declare_queue(exclusive=True)
            for key in keys:
                await queues[subscriber].bind(exchange, key)

        for key in expected["all"]:
            await publish(channel, key, key, exchange=exchange)

        for subscriber, queue in queues.items():
            assert await ready(queue) == len(expected[subscriber])
            assert await bodies(queue, len(expected[subscriber])) == expected[subscriber]
        await exchange.delete()


asyncio.run(main())
