from amqp.exceptions import AccessRefused
from kombu import Consumer, Producer, Queue

from support import connect, name, settled


def consume(channel, queue, **options):
    deliveries = []
    consumed = Queue(queue.name, exclusive=True, **options)
    Consumer(channel, [consumed], on_message=deliveries.append, auto_declare=False).consume()
    return deliveries


def publish(channel, queue, count):
    producer = Producer(channel, routing_key=queue.name)
    for number in range(count):
        producer.publish({"number": number})


def numbers(deliveries):
    return [delivery.decode()["number"] for delivery in deliveries]


with connect() as connection:
    channel = connection.channel()
    queue = Queue(name("ranked"), exclusive=True)
    queue(channel).declare()
    channel.basic_qos(0, 1, False)
    low = consume(channel, queue, consumer_arguments={"x-priority": -1})
    high = consume(channel, queue, consumer_arguments={"x-priority": 10})
    publish(channel, queue, 3)
    settled(connection, 2, high, low)
    assert (numbers(high), numbers(low)) == ([0], [1])
    high[0].ack()
    settled(connection, 3, high, low)
    assert (numbers(high), numbers(low)) == ([0, 2], [1])

    first, second, third = (connection.channel() for _ in range(3))
    arguments = {"x-single-active-consumer": True}
    queue = Queue(name("single"), exclusive=True, queue_arguments=arguments)
    queue(first).declare()
    active, waiting = consume(first, queue), consume(second, queue)
    publish(first, queue, 2)
    settled(connection, 2, active, waiting)
    assert (numbers(active), numbers(waiting)) == ([0, 1], [])
    first.close()
    settled(connection, 2, waiting)
    assert numbers(waiting) == [0, 1]
    assert all(delivery.delivery_info["redelivered"] for delivery in waiting)
    try:
        third.basic_consume(queue.name, exclusive=True)
        raise AssertionError("consumed exclusively from a queue with a single active consumer")
    except AccessRefused:
        pass
