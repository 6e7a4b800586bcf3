import asyncio

from aio_pika.exceptions import ChannelPreconditionFailed

from support import connect, drain, name, publish, refused, texts


async def main():
    async with await connect() as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(name("keys"), auto_delete=True)
        queues = [await channel.declare_queue(name(key), exclusive=True) for key in "abc"]
        for queue, key in zip(queues, "abc"):
            await queue.bind(exchange, key)

        async def received():
            """Per queue, its messages, of which none may have BCC."""
            found = [await drain(queue) for queue in queues]
            assert not any("BCC" in message.headers for messages in found for message in messages)
            return found

        headers = {"CC": ["b", "a"], "BCC": ["c"]}
        await publish(channel, "a", "to all", exchange=exchange, headers=headers)
        for message, *more in await received():
            assert (message.routing_key, message.body, more) == ("a", b"to all", []), message
            assert message.headers["CC"] == ["b", "a"], message

        headers = {"CC": ["c"]}
        await publish(channel, "nowhere", "only copies", exchange=exchange, headers=headers)
        assert [texts(messages) for messages in await received()] == [[], [], ["only copies"]]

        headers = {"CC": [queues[1].name, name("nowhere")], "BCC": [queues[2].name]}
        await publish(channel, queues[0].name, "by default", headers=headers)
        assert [texts(messages) for messages in await received()] == [["by default"]] * 3

        for header in ("CC", "BCC"):
            text = f'invalid message: {{unacceptable_type_in_header,"{header}",longstr}}'
            wrong = lambda channel: publish(channel, "a", "x", headers={header: "b"})
            await refused(connection, ChannelPreconditionFailed, text, wrong)


asyncio.run(main())
