"""aio-pika takes no queue name with `=`, so that the address is not declared passively."""

import asyncio

from aio_pika.exceptions import ChannelPreconditionFailed

from support import connect, consume, drain, name, publish, receive, refused, take

REPLY_TO = "amq.rabbitmq.reply-to"


async def listen(channel, **options):
    """Starts a consumer of replies; their queue cannot be declared."""
    return await consume(await channel.get_queue(REPLY_TO, ensure=False), **options)


async def main():
    async with await connect() as connection, await connect() as server:
        serving = await server.channel()
        requests = await serving.declare_queue(name("requests"))

        async def ask(channel):
            """Sends a question; gives the request as it came."""
            asked = {"reply_to": REPLY_TO, "correlation_id": "7"}
            await publish(channel, requests.name, "question", **asked)
            (request,) = await receive(requests, 1)
            assert request.body == b"question", request
            assert request.reply_to.startswith(f"{REPLY_TO}."), request
            return request

        async def answered(replies, address):
            (reply,) = await take(replies, 1)
            assert (reply.body, reply.correlation_id) == (b"answer", "7"), reply
            came = (reply.exchange, reply.routing_key, reply.redelivered)
            assert came == ("", address, False), came

        channel = await connection.channel()
        replies = await listen(channel, no_ack=True)
        request = await ask(channel)
        gone = request.reply_to
        await publish(serving, gone, "answer", correlation_id=request.correlation_id)
        await answered(replies, gone)
        await channel.close()

        channel = await connection.channel()
        replies = await listen(channel, no_ack=True)
        address = (await ask(channel)).reply_to
        assert address != gone
        await publish(serving, gone, "too late")
        await publish(serving, address, "answer", correlation_id="7")
        await answered(replies, address)

        async def twice(channel):
            for _ in range(2):
                await listen(channel, no_ack=True)

        lost = lambda channel: publish(channel, requests.name, "lost", reply_to=REPLY_TO)
        for text, call in {
            "reply consumer cannot acknowledge": listen,
            "fast reply consumer does not exist": lost,
            "reply consumer already set": twice,
        }.items():
            text = f"PRECONDITION_FAILED - {text}"
            await refused(connection, ChannelPreconditionFailed, text, call)
        assert await drain(requests) == [] and replies.empty()
        await requests.delete()


asyncio.run(main())
