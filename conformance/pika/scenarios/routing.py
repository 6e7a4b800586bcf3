from support import bodies, connect, name

exchange = name("direct_logs")

with connect() as connection:
    channel = connection.channel()
    channel.exchange_declare(exchange=exchange, exchange_type="direct")
    errors = channel.queue_declare(queue="", exclusive=True).method.queue
    everything = channel.queue_declare(queue="", exclusive=True).method.queue
    channel.queue_bind(exchange=exchange, queue=errors, routing_key="error")
    for severity in ("info", "warning", "error"):
        channel.queue_bind(exchange=exchange, queue=everything, routing_key=severity)

    for severity in ("info", "error", "debug", "warning"):
        channel.basic_publish(exchange=exchange, routing_key=severity, body=severity)

    assert bodies(channel, errors, 1) == ["error"]
    assert bodies(channel, everything, 3) == ["info", "error", "warning"]
    for queue in (errors, everything):
        assert channel.queue_declare(queue=queue, passive=True).method.message_count == 0
    channel.exchange_delete(exchange)
