import asyncio

from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused

from support import connect, name, publish, refused


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue, exchange = name("queue"), name("exchange")

        async def inequivalent(kind, argument, declare):
            thing = queue if kind == "queue" else exchange
            text = f"PRECONDITION_FAILED - inequivalent arg '{argument}' for {kind} '{thing}' in vhost '/'"
            await refused(connection, ChannelPreconditionFailed, text, declare)

        declared = await channel.declare_queue(queue, durable=True)
        assert declared.declaration_result.message_count == 0
        await publish(channel, queue, "kept")
        again = (await channel.declare_queue(queue, durable=True)).declaration_result
        assert (again.queue, again.message_count, again.consumer_count) == (queue, 1, 0)
        found = await channel.get_queue(queue)
        assert found.declaration_result.message_count == 1
        await inequivalent("queue", "durable", lambda channel: channel.declare_queue(queue))
        limited = {"durable": True, "arguments": {"x-max-length": 5}}
        declare = lambda channel: channel.declare_queue(queue, **limited)
        await inequivalent("queue", "x-max-length", declare)

        await channel.declare_exchange(exchange, "topic", durable=True)
        again = await channel.declare_exchange(exchange, "topic", durable=True)
        await channel.get_exchange(exchange)
        declare = lambda channel: channel.declare_exchange(exchange, "fanout", durable=True)
        await inequivalent("exchange", "type", declare)
        text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"
        declare = lambda channel: channel.declare_exchange("amq.mine", "fanout")
        await refused(connection, ChannelAccessRefused, text, declare)

        first, second = [(await channel.declare_queue(exclusive=True)).name for _ in range(2)]
        assert first.startswith("amq.gen-") and first != second

        await again.delete()
        assert (await channel.queue_delete(queue)).message_count == 1
        text = f"NOT_FOUND - no queue '{queue}' in vhost '/'"
        await refused(connection, ChannelNotFoundEntity, text, lambda channel: channel.get_queue(queue))
        text = f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"
        find = lambda channel: channel.get_exchange(exchange)
        await refused(connection, ChannelNotFoundEntity, text, find)
        assert (await channel.queue_delete(queue)).message_count == 0


asyncio.run(main())
