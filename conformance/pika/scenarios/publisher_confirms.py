import pika

from support import connect, name

queue = name("confirms")

with connect() as connection:
    channel = connection.channel()
    channel.queue_declare(queue=queue, durable=True)
    channel.confirm_delivery()
    for number in range(100):
        channel.basic_publish(
            exchange="",
            routing_key=queue,
            body=f"message {number}",
            properties=pika.BasicProperties(delivery_mode=2),
        )
    assert channel.queue_declare(queue=queue, passive=True).method.message_count == 100

    channel.basic_publish(exchange="", routing_key=name("nowhere"), body="dropped")
    assert channel.queue_purge(queue).method.message_count == 100
    channel.queue_delete(queue=queue)
