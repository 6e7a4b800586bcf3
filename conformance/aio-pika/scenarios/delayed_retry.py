import asyncio
import time

from support import connect, consume, name, publish, receive, take, texts

LEAST, LIMIT = 0.15, 2


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1)
        dead = await channel.declare_queue(name("dead"), exclusive=True)
        arguments = {
            "x-queue-type": "quorum",
            "x-delayed-retry-type": "failed",
            "x-delayed-retry-min": int(LEAST * 1000),
            "x-delayed-retry-max": int(10 * LEAST * 1000),
            "x-delivery-limit": LIMIT,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead.name,
        }
        queue = await channel.declare_queue(name("retried"), durable=True, arguments=arguments)
        await publish(channel, queue.name, "try", "other")
        jobs = await consume(queue)
        rejected = None
        for attempt in range(LIMIT + 1):
            (job,) = await take(jobs, 1)
            assert job.body == b"try" and job.headers.get("x-delivery-count", 0) == attempt
            if attempt:
                assert time.monotonic() - rejected >= LEAST * attempt, "it came too early"
            rejected = time.monotonic()
            await job.reject(requeue=True)
            if not attempt:
                (other,) = await take(jobs, 1)
                assert other.body == b"other", "what waits holds up no other"
                await other.ack()
        assert texts(await receive(dead, 1)) == ["try"]
        await queue.delete(if_unused=False, if_empty=False)


asyncio.run(main())
