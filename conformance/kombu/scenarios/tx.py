from kombu import Producer, Queue

from support import connect, name, ready

queue = Queue(name("tx"), durable=False)

with connect() as connection:
    watcher = connection.channel()
    queue(watcher).declare()
    channel = connection.channel()
    channel.tx_select()
    producer = Producer(channel, routing_key=queue.name)
    producer.publish({"undone": True})
    channel.tx_rollback()
    assert ready(watcher, queue.name) == 0

    producer.publish({"done": True})
    assert ready(watcher, queue.name) == 0
    channel.tx_commit()
    assert ready(watcher, queue.name) == 1

    queue(channel).get().ack()
    channel.tx_rollback()
    channel.close()
    assert ready(watcher, queue.name) == 1, "an ack outlived its rollback"

    channel = connection.channel()
    channel.tx_select()
    queue(channel).get().ack()
    channel.tx_commit()
    channel.close()
    assert ready(watcher, queue.name) == 0
    queue(watcher).delete()
