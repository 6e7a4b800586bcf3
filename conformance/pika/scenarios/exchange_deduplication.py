from support import confirming, connect, drain, name, publish, refused, texts

KIND = "x-message-deduplication"

with connect() as connection:
    channel = confirming(connection)
    exchange, queue = name("unique"), name("once")
    channel.exchange_declare(exchange, KIND, auto_delete=True, arguments={"x-cache-size": 2})
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange)
    for text in ("a1", "a2", "b1", "b2", "c1", "a3", "c2"):
        headers = {"x-deduplication-header": text[0]}
        publish(channel, "", text, exchange=exchange, headers=headers)
    publish(channel, "", "unmarked", "unmarked", exchange=exchange)
    found = texts(drain(channel, queue))
    assert found == ["a1", "b1", "c1", "a3", "unmarked", "unmarked"], found

    text = "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0"
    refused(connection, 406, text, lambda c: c.exchange_declare(name("none"), KIND))
