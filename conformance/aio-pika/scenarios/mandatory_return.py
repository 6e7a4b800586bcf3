import asyncio

from aio_pika import Message
from aio_pika.exceptions import PublishError

from support import connect, eventually, name


async def main():
    nowhere = name("nowhere")
    async with await connect() as connection:
        channel = await connection.channel()
        returned = []
        channel.return_callbacks.add(lambda _, message: returned.append(message))
        message = Message(b"come back", message_id="m-1", headers={"try": 1})
        result = await channel.default_exchange.publish(message, nowhere)
        assert (result.delivery.reply_code, result.delivery.reply_text) == (312, "NO_ROUTE")
        await eventually(lambda: returned)
        (message,) = returned
        assert (message.exchange, message.routing_key) == ("", nowhere)
        assert (message.message_id, message.headers) == ("m-1", {"try": 1})
        assert message.body == b"come back"

        channel = await connection.channel(on_return_raises=True)
        try:
            await channel.default_exchange.publish(Message(b"x"), nowhere)
            raise AssertionError("the return did not come before the confirm")
        except PublishError as unroutable:
            assert unroutable.frame.reply_code == 312, unroutable
            assert unroutable.message.body == b"x", unroutable


asyncio.run(main())
