from support import confirming, connect, drain, name, publish, receive

with connect() as connection:
    channel = confirming(connection)
    exchange, circle, witness = name("dlx"), name("circle"), name("witness")
    channel.exchange_declare(exchange, exchange_type="fanout", auto_delete=True)
    arguments = {"x-message-ttl": 150, "x-dead-letter-exchange": exchange}
    channel.queue_declare(circle, exclusive=True, arguments=arguments)
    channel.queue_declare(witness, exclusive=True)
    for queue in (circle, witness):
        channel.queue_bind(queue, exchange)

    # Were the first let in again, it would have died again before the second.
    for text in ("first", "second"):
        publish(channel, circle, text)
        ((_, properties, body),) = receive(channel, witness, 1)
        (death,) = properties.headers["x-death"]
        told = (body.decode(), death["queue"], death["reason"], death["count"])
        assert told == (text, circle, "expired", 1), told
    assert drain(channel, circle) == drain(channel, witness) == []
