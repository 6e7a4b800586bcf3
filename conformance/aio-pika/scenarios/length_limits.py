import asyncio

from aio_pika.exceptions import DeliveryError
from pamqp.commands import Basic

from support import bodies, connect, drain, publish, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        ring = await channel.declare_queue(exclusive=True, arguments={"x-max-length": 3})
        await publish(channel, ring.name, *map(str, range(10)))
        assert await bodies(ring, 3) == ["7", "8", "9"]

        limits = {"x-max-length": 2, "x-overflow": "reject-publish"}
        full = await channel.declare_queue(exclusive=True, arguments=limits)
        refused = []
        for number in range(5):
            try:
                await publish(channel, full.name, str(number))
            except DeliveryError as error:
                assert isinstance(error.frame, Basic.Nack), error
                refused.append(number)
        assert refused == [2, 3, 4], refused
        assert texts(await drain(full)) == ["0", "1"]
        await publish(channel, full.name, "there is room again")


asyncio.run(main())
