"""aiormq tells of blocking in its log, and shows it by confirms that do not come."""

import asyncio
import logging

from support import connect, consume, control, eventually, name, publish, settled, take, texts


class Told(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())

    def of(self, text):
        return any(text in message for message in self.messages)


async def main():
    told = Told()
    logging.getLogger("aiormq").addHandler(told)
    async with await connect() as publisher, await connect() as consumer:
        outgoing, incoming = await publisher.channel(), await consumer.channel()
        queue = await incoming.declare_queue(name("queue"), auto_delete=True)
        deliveries = await consume(queue, no_ack=True)
        await publish(outgoing, queue.name, "before")
        assert texts(await take(deliveries, 1)) == ["before"]

        await control("/broker/block")
        publishing = asyncio.create_task(publish(outgoing, queue.name, "meanwhile"))
        await eventually(lambda: told.of("was blocked by: 'low on memory'"))
        await settled((deliveries, 0))
        assert not publishing.done()
        assert (await queue.declare()).consumer_count == 1

        await control("/broker/unblock")
        await eventually(lambda: told.of("was unblocked"))
        assert texts(await take(deliveries, 1)) == ["meanwhile"]
        await publishing


asyncio.run(main())
