from kombu import Producer, Queue

from support import connect, consume, name, quiet


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
    quiet(connection)
    assert len(first) == 2, first
    first[0].ack()
    quiet(connection)
    assert len(first) == 3, first
    first[-1].ack(multiple=True)
    quiet(connection)
    assert len(first) == 5, first
    second = consume(channel, queue)
    quiet(connection)
    assert (len(first), len(second)) == (5, 2)
    channel.close()

    channel, queue = prepare(connection, "global")
    channel.basic_qos(0, 3, True)
    first, second = consume(channel, queue), consume(channel, queue)
    quiet(connection)
    assert len(first + second) == 3, (first, second)
    channel.basic_qos(0, 4, True)
    quiet(connection)
    assert len(first + second) == 4, (first, second)
