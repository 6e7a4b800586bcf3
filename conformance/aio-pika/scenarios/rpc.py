"""By hand as in the tutorial, and by aio-pika's own RPC pattern."""

import asyncio
import uuid

from aio_pika.patterns import RPC

from support import connect, consume, name, publish, take

CALLS = 5


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


async def serve(channel, requests):
    async def answer(request):
        async with request.process():
            result = str(fib(int(request.body)))
            correlation_id = request.correlation_id
            await publish(channel, request.reply_to, result, correlation_id=correlation_id)

    await channel.set_qos(prefetch_count=1)
    await requests.consume(answer)


async def procedure(*, n):
    return fib(n)


async def main():
    async with await connect() as server, await connect() as client:
        channel = await server.channel()
        requests = await channel.declare_queue(name("rpc_queue"))
        await serve(channel, requests)

        channel = await client.channel()
        callback = await channel.declare_queue(exclusive=True)
        replies = await consume(callback, no_ack=True)
        calls = {str(uuid.uuid4()): n for n in range(10, 10 + CALLS)}
        for correlation_id, n in calls.items():
            properties = {"reply_to": callback.name, "correlation_id": correlation_id}
            await publish(channel, requests.name, str(n), **properties)
        for reply in await take(replies, CALLS):
            assert int(reply.body) == fib(calls.pop(reply.correlation_id))
        assert not calls
        await requests.delete(if_unused=False)

        method = name("procedure")
        rpc = await RPC.create(await server.channel())
        await rpc.register(method, procedure, auto_delete=True)
        caller = await RPC.create(await client.channel())
        assert await caller.call(method, kwargs={"n": 15}) == fib(15)
        await caller.close()
        await rpc.close()


asyncio.run(main())
