from kombu import Producer, Queue

from support import connect, consume, name, settled


def prepare(connection, suffix):
    channel = connection.channel()
    queue = Queue(name(suffix), exclusive=True)
    queue(channel).declare()
    producer = Producer(channel, routing_key=queue.name)
    for number in range(10):
        producer.publish({"number": number})
    return channel, queue


with connect() as connection:
    channel, queue = prepare(connection, "per_consumer")
    channel.basic_qos(0, 2, False)
    first = consume(channel, queue)
    settled(connection, 2, first)
    first[0].ack()
    settled(connection, 3, first)
    first[-1].ack(multiple=True)
    settled(connection, 5, first)
    second = consume(channel, queue)
    settled(connection, 2, second)
    assert len(first) == 5, first
    channel.close()

    channel, queue = prepare(connection, "global")
    channel.basic_qos(0, 3, True)
    first, second = consume(channel, queue), consume(channel, queue)
    settled(connection, 3, first, second)
    channel.basic_qos(0, 4, True)
    settled(connection, 4, first, second)
