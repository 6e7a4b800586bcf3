from kombu import Consumer, Queue

from support import confirming, consume, name, publish, refuse_queues, take, texts


def redelivered(messages):
    return all(message.delivery_info["redelivered"] for message in messages)


with confirming() as connection, confirming() as other:
    channel = connection.channel()
    arguments = {"x-single-active-consumer": True}
    options = {"auto_delete": True, "durable": False, "queue_arguments": arguments}
    queue = Queue(name("single"), **options)
    at_active = []
    active = Consumer(connection.channel(), [queue], prefetch_count=2, on_message=at_active.append)
    active.consume()
    successor, last = connection.channel(), other.channel()
    at_successor, at_last = consume(successor, queue), consume(last, queue)
    publish(channel, queue.name, "1", "2")
    held = take(connection, at_active, 2)
    assert texts(held) == ["1", "2"] and at_successor == [], "only the active consumer is served"

    active.cancel()
    publish(channel, queue.name, "3")
    taken = texts(take(connection, at_successor, 1))
    assert taken == ["3"], "what a cancelled consumer holds stays its own"
    held[1].requeue()
    taken = take(connection, at_successor, 1)
    assert texts(taken) == ["2"] and redelivered(taken)
    held[0].ack()

    assert at_last == []
    successor.close()
    again = take(other, at_last, 2)
    assert texts(again) == ["2", "3"] and redelivered(again)
    again[-1].ack(multiple=True)
    publish(channel, queue.name, "4")
    assert texts(take(other, at_last, 1)) == ["4"]

    text = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': "
    wrong = {"queue_arguments": {"x-single-active-consumer": "true"}}
    refuse_queues(connection, (wrong, text + "{unacceptable_type,longstr}"))
