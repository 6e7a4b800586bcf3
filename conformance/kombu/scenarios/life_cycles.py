import amqp
from kombu import Exchange, Queue

from support import connect, eventually, name, ready, refused


def is_there(connection, entity):
    try:
        channel = connection.channel()
        if isinstance(entity, Exchange):
            entity(channel).declare(passive=True)
        else:
            ready(channel, entity.name)
        return True
    except amqp.exceptions.NotFound:
        return False


with connect() as other:
    owner = connect()
    queue = Queue(name("exclusive"), exclusive=True)
    queue(owner.channel()).declare()
    locked = f"cannot obtain exclusive access to locked queue '{queue.name}' in vhost '/'"
    for use in (
        lambda channel: ready(channel, queue.name),
        lambda channel: queue(channel).consume(),
        lambda channel: queue(channel).delete(),
    ):
        refused(other, 405, f"RESOURCE_LOCKED - {locked}", use)
    owner.close()
    eventually(lambda: not is_there(other, queue))

    channel = other.channel()
    queue = Queue(name("auto-delete"), auto_delete=True, durable=False)(channel)
    queue.declare()
    first, second = queue.consume(), queue.consume()
    queue.cancel(first)
    assert is_there(other, queue)
    queue.cancel(second)
    assert not is_there(other, queue)
    queue.declare()
    queue.consume()
    channel.close()
    eventually(lambda: not is_there(other, queue))

    channel = other.channel()
    exchange = Exchange(name("exchange"), "fanout", auto_delete=True, durable=False)
    queues = [Queue("", exchange, exclusive=True)(channel) for _ in range(2)]
    for queue in queues:
        queue.declare()
    queues[0].unbind_from(exchange)
    assert is_there(other, exchange)
    queues[1].delete()
    assert not is_there(other, exchange)
