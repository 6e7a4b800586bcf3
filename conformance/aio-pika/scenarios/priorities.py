"""A message without a priority is not to be had, for aio-pika makes it 0."""

import asyncio

from support import connect, drain, publish, refuse_arguments, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True, arguments={"x-max-priority": 5})
        await publish(channel, queue.name, "none")
        for text in ("1", "3", "5", "0", "9", "3 again"):
            await publish(channel, queue.name, text, priority=int(text[0]))
        messages = await drain(queue)
        assert texts(messages) == ["5", "9", "3", "3 again", "1", "none", "0"], texts(messages)
        assert [message.priority for message in messages] == [5, 9, 3, 3, 1, 0, 0], messages

        await publish(channel, queue.name, "low", priority=1)
        await publish(channel, queue.name, "high", "higher", priority=4)
        held = [await queue.get() for _ in range(3)]
        await held[-1].nack(multiple=True, requeue=True)
        again = await drain(queue)
        assert texts(again) == ["high", "higher", "low"], texts(again)
        assert all(message.redelivered for message in again)

        text = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': "
        await refuse_arguments(
            connection,
            ({"x-max-priority": 256}, text + "{max_value_exceeded,256}"),
            ({"x-max-priority": "5"}, text + '"expected integer, got longstr"'),
        )


asyncio.run(main())
