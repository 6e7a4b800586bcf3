import pika

from support import bodies, connect, name

with connect() as connection:
    bystander = connection.channel()
    queue = bystander.queue_declare(queue="", exclusive=True).method.queue

    missing = name("missing")
    channel = connection.channel()
    try:
        channel.queue_declare(queue=missing, passive=True)
        raise AssertionError("a missing queue was declared passively")
    except pika.exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 404
        assert closed.reply_text == f"NOT_FOUND - no queue '{missing}' in vhost '/'"
    assert channel.is_closed

    channel = connection.channel()
    channel.basic_publish(exchange=missing, routing_key="", body="lost")
    try:
        channel.basic_qos(prefetch_count=1)
        raise AssertionError("a publish to a missing exchange went unnoticed")
    except pika.exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 404
        assert closed.reply_text == f"NOT_FOUND - no exchange '{missing}' in vhost '/'"

    assert connection.is_open
    bystander.basic_publish(exchange="", routing_key=queue, body="still here")
    assert bodies(bystander, queue, 1) == ["still here"]
    assert connection.channel().is_open
