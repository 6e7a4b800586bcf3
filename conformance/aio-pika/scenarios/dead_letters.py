import asyncio

from aio_pika import ExchangeType

from support import connect, name, publish, receive


def told(message):
    deaths = message.headers.get("x-death", [])
    return [(death["queue"], death["reason"], death["count"]) for death in deaths]


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(name("dlx"), ExchangeType.TOPIC, auto_delete=True)
        dead = await channel.declare_queue(exclusive=True)
        await dead.bind(exchange, "#")

        async def declare(suffix, **arguments):
            arguments = {f"x-{key.replace('_', '-')}": arguments[key] for key in arguments}
            return await channel.declare_queue(name(suffix), exclusive=True, arguments=arguments)

        dying = await declare("dying", dead_letter_exchange=exchange.name)
        await publish(channel, dying.name, "expires", expiration=0.05, headers={"n": 1})
        (expired,) = await receive(dead, 1)
        assert (expired.exchange, expired.routing_key) == (exchange.name, dying.name)
        assert expired.expiration is None and expired.headers["n"] == 1
        assert told(expired) == [(dying.name, "expired", 1)]
        assert expired.headers["x-death"][0]["original-expiration"] == "50"
        await publish(channel, dying.name, "rejected")
        await (await dying.get()).reject()
        (rejected,) = await receive(dead, 1)
        assert rejected.body == b"rejected"
        assert told(rejected) == [(dying.name, "rejected", 1)]
        assert rejected.headers["x-first-death-reason"] == "rejected"

        to_wait = {"dead_letter_exchange": "", "dead_letter_routing_key": name("wait")}
        work = await declare("work", **to_wait)
        back = {"dead_letter_exchange": "", "dead_letter_routing_key": work.name}
        wait = await declare("wait", message_ttl=50, **back)
        await publish(channel, work.name, "job")
        for attempt in range(4):
            (job,) = await receive(work, 1, no_ack=False)
            expected = [(wait.name, "expired", attempt), (work.name, "rejected", attempt)]
            assert told(job) == (expected if attempt else []), told(job)
            await job.reject()


asyncio.run(main())
