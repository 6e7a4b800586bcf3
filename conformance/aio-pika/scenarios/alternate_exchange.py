import asyncio

from aio_pika import ExchangeType, Message
from aio_pika.exceptions import ChannelPreconditionFailed
from pamqp.commands import Basic

from support import connect, drain, name, publish, refused, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()

        def declare(channel, exchange, kind, alternate=None):
            arguments = {"alternate-exchange": name(alternate)} if alternate else None
            return channel.declare_exchange(name(exchange), kind, arguments=arguments)

        last = await declare(channel, "last", ExchangeType.FANOUT)
        second = await declare(channel, "second", ExchangeType.TOPIC, "last")
        main = await declare(channel, "main", ExchangeType.DIRECT, "second")
        bound, caught, rest = [await channel.declare_queue(exclusive=True) for _ in range(3)]
        await bound.bind(main, "bound")
        await caught.bind(second, "caught.*")
        await rest.bind(last)

        for key in ("bound", "caught.here", "anything"):
            await publish(channel, key, key, exchange=main)
        for queue, key in [(bound, "bound"), (caught, "caught.here"), (rest, "anything")]:
            (message,) = await drain(queue)
            came = (message.exchange, message.routing_key, message.body)
            assert came == (main.name, key, key.encode()), came

        result = await main.publish(Message(b"not returned"), "anything", mandatory=True)
        assert isinstance(result, Basic.Ack), result
        assert texts(await drain(rest)) == ["not returned"]

        text = f"inequivalent arg 'alternate-exchange' for exchange '{main.name}' in vhost '/': "
        text += f"received '{last.name}' but current is '{second.name}'"
        other = lambda channel: declare(channel, "main", ExchangeType.DIRECT, "last")
        await refused(connection, ChannelPreconditionFailed, text, other)
        for exchange in (main, second, last):
            await exchange.delete()


asyncio.run(main())
