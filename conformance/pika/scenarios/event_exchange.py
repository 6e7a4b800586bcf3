from support import connect, consume, name, take

EXCHANGE = "amq.rabbitmq.event"

with connect() as connection:
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, exchange_type="topic", passive=True)
    events = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(events, EXCHANGE, "queue.*")
    deliveries = consume(channel, events, auto_ack=True)

    watched = name("watched")
    channel.queue_declare(watched, durable=True, arguments={"x-max-length": 5})
    channel.queue_delete(watched)

    def next_event():
        """The next event of the watched queue."""
        while True:
            ((method, properties, body),) = take(connection, deliveries, 1)
            if properties.headers["name"] == watched:
                assert (method.exchange, body) == (EXCHANGE, b""), method
                return method.routing_key, properties

    key, created = next_event()
    assert key == "queue.created", key
    assert created.headers["vhost"] == "/" and created.headers["durable"] is True, created
    assert created.delivery_mode == 2 and created.timestamp > 0, created
    assert created.headers["timestamp_in_ms"] // 1000 == created.timestamp, created
    key, _ = next_event()
    assert key == "queue.deleted", key
