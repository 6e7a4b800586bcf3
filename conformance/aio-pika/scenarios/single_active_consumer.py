import asyncio

from support import connect, consume, name, publish, refuse_arguments, take, texts


async def main():
    async with await connect() as connection, await connect() as other:
        channel = await connection.channel()
        arguments = {"x-single-active-consumer": True}
        options = {"auto_delete": True, "arguments": arguments}
        queue = await channel.declare_queue(name("single"), **options)

        async def consuming(connection, **options):
            """A channel with a consumer, and its deliveries."""
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=2)
            consumed = await channel.get_queue(queue.name, ensure=False)
            return consumed, await consume(consumed, **options)

        active, at_active = await consuming(connection, consumer_tag="active")
        successor, at_successor = await consuming(connection)
        _, at_last = await consuming(other)
        await publish(channel, queue.name, "1", "2")
        held = await take(at_active, 2)
        assert texts(held) == ["1", "2"] and at_successor.empty(), "only the active is served"

        await active.cancel("active")
        await publish(channel, queue.name, "3")
        taken = texts(await take(at_successor, 1))
        assert taken == ["3"], "what a cancelled consumer holds stays its own"
        await held[1].reject(requeue=True)
        (message,) = await take(at_successor, 1)
        assert (message.body, message.redelivered) == (b"2", True), message
        await held[0].ack()

        assert at_last.empty()
        await successor.channel.close()
        again = await take(at_last, 2)
        assert texts(again) == ["2", "3"] and all(message.redelivered for message in again)
        await again[-1].ack(multiple=True)
        await publish(channel, queue.name, "4")
        assert texts(await take(at_last, 1)) == ["4"]

        text = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': "
        wrong = {"x-single-active-consumer": "true"}
        await refuse_arguments(connection, (wrong, text + "{unacceptable_type,longstr}"))


asyncio.run(main())
