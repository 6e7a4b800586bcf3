import asyncio

from aio_pika.exceptions import ChannelPreconditionFailed

from support import (
    connect, consume, drain, name, publish, receive, refuse_arguments, refused, take, texts,
)


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        dead = await channel.declare_queue(name("dead"), exclusive=True)

        async def died_after(ttl, expiration):
            """How the one message told of its death that lived for the lower of both times."""
            arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name}
            if ttl is not None:
                arguments["x-message-ttl"] = ttl
            queue = await channel.declare_queue(exclusive=True, arguments=arguments)
            await publish(channel, queue.name, "mortal", expiration=expiration)
            (message,) = await receive(dead, 1)
            assert message.body == b"mortal" and message.expiration is None, message
            (death,) = message.headers["x-death"]
            told = (death["queue"], death["reason"], death["count"])
            assert told == (queue.name, "expired", 1), death
            assert await drain(queue) == []
            return death.get("original-expiration")

        assert await died_after(150, None) is None
        assert await died_after(None, 0.15) == "150"
        assert await died_after(600_000, 0.15) == "150"
        assert await died_after(150, 600) == "600000"
        assert await died_after(0, None) is None
        assert await died_after(None, 0) == "0"

        kept = await channel.declare_queue(exclusive=True, arguments={"x-message-ttl": 600_000})
        await publish(channel, kept.name, "by queue")
        await publish(channel, kept.name, "by both", expiration=500)
        messages = await drain(kept)
        assert texts(messages) == ["by queue", "by both"]
        assert [message.expiration for message in messages] == [None, 500]

        instant = await channel.declare_queue(exclusive=True, arguments={"x-message-ttl": 0})
        deliveries = await consume(instant, no_ack=True)
        await publish(channel, instant.name, "in time")
        assert texts(await take(deliveries, 1)) == ["in time"]

        text = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': "
        await refuse_arguments(
            connection,
            ({"x-message-ttl": -1}, text + "{value_negative,-1}"),
            ({"x-message-ttl": "150"}, text + '"expected integer, got longstr"'),
        )
        # Not "soon", for aio-pika takes a time only.
        text = "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}"
        wrong = lambda channel: publish(channel, kept.name, "x", expiration=-0.001)
        await refused(connection, ChannelPreconditionFailed, text, wrong)


asyncio.run(main())
