from support import connect, consume, drain, name, publish, receive, refused, take

REPLY_TO = "amq.rabbitmq.reply-to"

with connect() as connection, connect() as server:
    channel, serving = connection.channel(), server.channel()
    requests = name("requests")
    serving.queue_declare(requests)

    replies = consume(channel, REPLY_TO, auto_ack=True)
    publish(channel, requests, "question", reply_to=REPLY_TO, correlation_id="7")
    ((_, properties, body),) = receive(serving, requests, 1)
    address = properties.reply_to
    assert body == b"question" and address.startswith(f"{REPLY_TO}."), properties
    found = serving.queue_declare(address, passive=True).method
    assert (found.queue, found.message_count, found.consumer_count) == (address, 0, 1), found
    publish(serving, address, "answer", correlation_id=properties.correlation_id)
    ((method, properties, body),) = take(connection, replies, 1)
    assert (body, properties.correlation_id) == (b"answer", "7"), properties
    assert (method.exchange, method.routing_key) == ("", address), method
    assert not method.redelivered

    refused(connection, 406, "reply consumer cannot acknowledge", lambda c: consume(c, REPLY_TO))
    refused(
        connection,
        406,
        "fast reply consumer does not exist",
        lambda c: publish(c, requests, "lost", reply_to=REPLY_TO),
    )

    def consume_twice(channel):
        for _ in range(2):
            consume(channel, REPLY_TO, auto_ack=True)

    refused(connection, 406, "reply consumer already set", consume_twice)
    channel.close()
    refused(server, 404, f"no queue '{address}'", lambda c: c.queue_declare(address, passive=True))
    assert drain(serving, requests) == []
    serving.queue_delete(requests)
