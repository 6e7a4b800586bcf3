from support import confirming, connect, drain, name, publish, refused, texts

with connect() as connection:
    channel = confirming(connection)
    exchange, queues = name("local"), [name(number) for number in "012"]
    channel.exchange_declare(exchange, exchange_type="x-local-random", auto_delete=True)
    for queue in queues:
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, "")
    sent = [f"{number:02}" for number in range(60)]
    publish(channel, "any", *sent, exchange=exchange)
    shares = [texts(drain(channel, queue)) for queue in queues]
    assert sorted(sum(shares, [])) == sent and all(shares), shares

    text = "Non empty binding 'key' key not permitted"
    refused(connection, 406, text, lambda c: c.queue_bind(queues[0], exchange, "key"))
