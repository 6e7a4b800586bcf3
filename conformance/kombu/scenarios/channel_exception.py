import amqp
from kombu import Producer, Queue

from support import bodies, connect, name, ready

missing = name("missing")

with connect() as connection:
    bystander = connection.channel()
    queue = Queue(name("bystander"), exclusive=True)
    queue(bystander).declare()

    channel = connection.channel()
    try:
        ready(channel, missing)
        raise AssertionError("a missing queue was declared passively")
    except amqp.exceptions.NotFound as closed:
        assert closed.reply_code == 404
        assert closed.reply_text == f"NOT_FOUND - no queue '{missing}' in vhost '/'"
        assert closed.method_name == "Queue.declare", closed.method_name
    assert channel.is_open, "py-amqp reopens a channel that the broker closed"

    channel = connection.channel()
    Producer(channel).publish("lost", exchange=missing)
    try:
        channel.basic_qos(0, 1, False)
        raise AssertionError("a publish to a missing exchange went unnoticed")
    except amqp.exceptions.NotFound as closed:
        assert closed.reply_text == f"NOT_FOUND - no exchange '{missing}' in vhost '/'"

    assert connection.connected
    Producer(bystander, serializer="raw").publish("still here", routing_key=queue.name)
    assert bodies(bystander, queue, 1) == ["still here"]
