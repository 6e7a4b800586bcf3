import asyncio

from aio_pika import DeliveryMode

from support import connect, consume, name, publish, ready, take


class Worker:
    """Consumes with prefetch 1 and acknowledges only when told to."""

    async def start(self, queue):
        self.connection = await connect()
        channel = await self.connection.channel()
        await channel.set_qos(prefetch_count=1)
        self.tasks = await consume(await channel.declare_queue(queue, durable=True))
        return self

    async def next_task(self):
        (message,) = await take(self.tasks, 1)
        return message


async def main():
    queue = name("task_queue")
    async with await connect() as boss:
        channel = await boss.channel()
        tasks = await channel.declare_queue(queue, durable=True)

        dropped, survivor = await Worker().start(queue), await Worker().start(queue)
        await publish(channel, queue, "dangerous", delivery_mode=DeliveryMode.PERSISTENT)
        task = await dropped.next_task()
        assert (task.body, task.redelivered) == (b"dangerous", False)
        await dropped.connection.close()
        held = await survivor.next_task()
        assert (held.body, held.redelivered) == (b"dangerous", True)

        other = await Worker().start(queue)
        quick = [f"quick {number}" for number in range(4)]
        await publish(channel, queue, *quick, delivery_mode=DeliveryMode.PERSISTENT)
        for text in quick:
            task = await other.next_task()
            assert task.body.decode() == text, f"the busy worker took the task before {task}"
            await task.ack()

        await held.ack()
        await survivor.connection.close()
        await other.connection.close()
        assert await ready(tasks) == 0
        await tasks.delete()


asyncio.run(main())
