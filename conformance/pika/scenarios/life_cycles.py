import pika

from support import connect, eventually, name


def is_there(connection, queue=None, exchange=None):
    channel = connection.channel()
    try:
        if queue:
            channel.queue_declare(queue, passive=True)
        else:
            channel.exchange_declare(exchange, passive=True)
        return True
    except pika.exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 404, closed
        return False


def locked(connection, use, queue):
    """Sees that another connection's exclusive queue cannot be used."""
    channel = connection.channel()
    try:
        use(channel)
        raise AssertionError("another connection's exclusive queue was used")
    except pika.exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 405, closed
        assert closed.reply_text.startswith(
            f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost '/'"
        ), closed


with connect() as other:
    owner = connect()
    queue = name("exclusive")
    owner.channel().queue_declare(queue, exclusive=True)
    locked(other, lambda channel: channel.queue_declare(queue, passive=True), queue)
    locked(other, lambda channel: channel.basic_consume(queue, lambda *_: None), queue)
    locked(other, lambda channel: channel.queue_delete(queue), queue)
    owner.close()
    eventually(lambda: not is_there(other, queue))

    channel = other.channel()
    queue = name("auto-delete")
    channel.queue_declare(queue, auto_delete=True)
    first = channel.basic_consume(queue, lambda *_: None)
    second = channel.basic_consume(queue, lambda *_: None)
    channel.basic_cancel(first)
    assert is_there(other, queue)
    channel.basic_cancel(second)
    assert not is_there(other, queue)
    channel.queue_declare(queue, auto_delete=True)
    channel.basic_consume(queue, lambda *_: None)
    channel.close()
    eventually(lambda: not is_there(other, queue))

    channel = other.channel()
    exchange = name("exchange")
    channel.exchange_declare(exchange, "fanout", auto_delete=True)
    queues = [channel.queue_declare("", exclusive=True).method.queue for _ in range(2)]
    for queue in queues:
        channel.queue_bind(queue, exchange)
    channel.queue_unbind(queues[0], exchange)
    assert is_there(other, exchange=exchange)
    channel.queue_delete(queues[1])
    assert not is_there(other, exchange=exchange)
