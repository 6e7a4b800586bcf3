from kombu import Consumer, Producer, Queue

from support import connect, control, name, receive, until

queue = Queue(name("held"), durable=False)

connection = connect(heartbeat=1)
channel = connection.channel()
Producer(channel, routing_key=queue.name).publish("held", declare=[queue])
held = []
Consumer(channel, [queue], on_message=held.append).consume()
until(connection, lambda: len(held) == 1)

control("/client/freeze?seconds=5")

with connect() as other:
    (message,) = receive(other.channel(), queue, 1, no_ack=False)
    assert message.payload == "held" and message.delivery_info["redelivered"]
    message.ack()
    try:
        until(connection, lambda: False)
        raise AssertionError("a connection that was given up still works")
    except connection.connection_errors:
        pass
    queue(other.channel()).delete()
