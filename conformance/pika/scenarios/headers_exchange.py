from support import bodies, confirming, connect, name, publish, refused

with connect() as connection:
    channel = confirming(connection)
    exchange = name("headers")
    channel.exchange_declare(exchange, "headers", auto_delete=True)
    queues = {}
    for match in "all", "any":
        queue = queues[match] = channel.queue_declare("", exclusive=True).method.queue
        wanted = {"x-match": match, "format": "pdf", "pages": 2}
        channel.queue_bind(queue, exchange, "ignored", wanted)

    publish(channel, "", "both", exchange=exchange, headers={"format": "pdf", "pages": 2, "x": 1})
    publish(channel, "", "one", exchange=exchange, headers={"format": "pdf", "pages": 3})
    publish(channel, "", "none", exchange=exchange, headers={"format": "PDF"})
    publish(channel, "", "bare", exchange=exchange)

    assert bodies(channel, queues["all"], 1) == ["both"]
    assert bodies(channel, queues["any"], 2) == ["both", "one"]
    for queue in queues.values():
        assert channel.queue_declare(queue, passive=True).method.message_count == 0

    wrong = lambda channel: channel.queue_bind(queues["all"], exchange, "", {"x-match": "some"})
    refused(connection, 406, "Invalid x-match field value", wrong)
