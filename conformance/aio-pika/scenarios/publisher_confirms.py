import asyncio

from aio_pika import DeliveryMode, Message
from pamqp.commands import Basic

from support import connect, name, ready


async def main():
    async with await connect() as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue(name("confirms"), durable=True)

        def publish(number, key=queue.name, **options):
            message = Message(b"%d" % number, delivery_mode=DeliveryMode.PERSISTENT)
            return channel.default_exchange.publish(message, key, **options)

        for number in range(50):
            assert isinstance(await publish(number), Basic.Ack)
        batch = await asyncio.gather(*(publish(number) for number in range(50)))
        assert all(isinstance(confirm, Basic.Ack) for confirm in batch)
        assert await ready(queue) == 100

        dropped = await publish(100, name("nowhere"), mandatory=False)
        assert isinstance(dropped, Basic.Ack)
        assert (await queue.purge()).message_count == 100
        await queue.delete()


asyncio.run(main())
