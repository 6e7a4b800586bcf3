from kombu import Consumer, Producer, Queue

from support import connect, name, ready, until


def told(messages):
    return [(message.payload, message.delivery_info["redelivered"]) for message in messages]


with connect() as connection:
    channel = connection.channel()
    queue = Queue(name("recovered"), durable=False)
    queue(channel).declare()
    producer = Producer(channel, routing_key=queue.name)
    for number in (1, 2, 3):
        producer.publish(number)
    came = []
    consumer = Consumer(channel, [queue], on_message=came.append)
    consumer.consume()
    until(connection, lambda: len(came) == 3)
    assert told(came) == [(1, False), (2, False), (3, False)]
    came[1].ack()

    consumer.recover(requeue=True)

    until(connection, lambda: len(came) == 5)
    assert told(came[3:]) == [(1, True), (3, True)]
    came[-1].ack(multiple=True)
    channel.close()
    channel = connection.channel()
    assert ready(channel, queue.name) == 0
    queue(channel).delete()
