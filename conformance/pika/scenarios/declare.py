from support import connect, name, refused

with connect() as connection:
    channel = connection.channel()
    queue, exchange = name("queue"), name("exchange")

    assert channel.queue_declare(queue, durable=True).method.message_count == 0
    channel.confirm_delivery()
    channel.basic_publish("", queue, "kept")
    again = channel.queue_declare(queue, durable=True).method
    assert (again.queue, again.message_count, again.consumer_count) == (queue, 1, 0)
    assert channel.queue_declare(queue, passive=True).method.message_count == 1
    text = f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue}' in vhost '/'"
    refused(connection, 406, text, lambda channel: channel.queue_declare(queue))
    text = f"PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '{queue}' in vhost '/'"
    limited = {"durable": True, "arguments": {"x-max-length": 5}}
    refused(connection, 406, text, lambda channel: channel.queue_declare(queue, **limited))

    channel.exchange_declare(exchange, "topic", durable=True)
    channel.exchange_declare(exchange, "topic", durable=True)
    channel.exchange_declare(exchange, passive=True)
    text = f"PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{exchange}' in vhost '/'"
    fanout = lambda channel: channel.exchange_declare(exchange, "fanout", durable=True)
    refused(connection, 406, text, fanout)
    text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"
    refused(connection, 403, text, lambda channel: channel.exchange_declare("amq.mine", "fanout"))

    first, second = (channel.queue_declare("", exclusive=True).method.queue for _ in range(2))
    assert first.startswith("amq.gen-") and first != second

    channel.exchange_delete(exchange)
    assert channel.queue_delete(queue).method.message_count == 1
    text = f"NOT_FOUND - no queue '{queue}' in vhost '/'"
    refused(connection, 404, text, lambda channel: channel.queue_declare(queue, passive=True))
    text = f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"
    refused(connection, 404, text, lambda channel: channel.exchange_declare(exchange, passive=True))
    assert channel.queue_delete(queue).method.message_count == 0
