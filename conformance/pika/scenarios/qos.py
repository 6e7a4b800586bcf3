from support import PATIENCE, QUIET, connect


def consumed(connection, deliveries, expected):
    """Waits for `expected` deliveries and sees that no more follow."""
    waited = 0
    while len(deliveries) < expected and waited < PATIENCE:
        connection.process_data_events(QUIET)
        waited += QUIET
    connection.process_data_events(QUIET)
    assert len(deliveries) == expected, f"{len(deliveries)} deliveries, not {expected}"


def prepare(connection):
    channel = connection.channel()
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    for number in range(10):
        channel.basic_publish(exchange="", routing_key=queue, body=str(number))
    return channel, queue


with connect() as connection:
    channel, queue = prepare(connection)
    deliveries = []
    channel.basic_qos(prefetch_count=2)
    channel.basic_consume(queue, lambda _, method, *__: deliveries.append(method.delivery_tag))
    consumed(connection, deliveries, 2)
    channel.basic_ack(deliveries[0])
    consumed(connection, deliveries, 3)
    channel.basic_ack(deliveries[-1], multiple=True)
    consumed(connection, deliveries, 5)
    channel.basic_consume(queue, lambda _, method, *__: deliveries.append(method.delivery_tag))
    consumed(connection, deliveries, 7)
    channel.close()

    channel, queue = prepare(connection)
    deliveries = []
    channel.basic_qos(prefetch_count=3, global_qos=True)
    for _ in range(2):
        channel.basic_consume(queue, lambda _, method, *__: deliveries.append(method.delivery_tag))
    consumed(connection, deliveries, 3)
    channel.basic_ack(deliveries[-1], multiple=True)
    consumed(connection, deliveries, 6)
