from support import confirming, connect, drain, name, publish, refused, texts

with connect() as connection:
    channel = confirming(connection)
    main, second, last = name("main"), name("second"), name("last")
    bound, caught, rest = name("bound"), name("caught"), name("rest")
    for queue in (bound, caught, rest):
        channel.queue_declare(queue, exclusive=True)

    def declare(channel, exchange, kind, alternate):
        arguments = {"alternate-exchange": alternate} if alternate else None
        channel.exchange_declare(exchange, exchange_type=kind, arguments=arguments)

    declare(channel, last, "fanout", None)
    declare(channel, second, "topic", last)
    declare(channel, main, "direct", second)
    channel.queue_bind(bound, main, "bound")
    channel.queue_bind(caught, second, "caught.*")
    channel.queue_bind(rest, last)

    for key in ("bound", "caught.here", "anything"):
        publish(channel, key, key, exchange=main)
    for queue, key in [(bound, "bound"), (caught, "caught.here"), (rest, "anything")]:
        ((method, _, body),) = drain(channel, queue)
        assert (method.exchange, method.routing_key, body) == (main, key, key.encode()), method

    channel.basic_publish(main, "anything", "not returned", mandatory=True)
    assert texts(drain(channel, rest)) == ["not returned"]

    text = f"inequivalent arg 'alternate-exchange' for exchange '{main}' in vhost '/': "
    text += f"received '{last}' but current is '{second}'"
    refused(connection, 406, text, lambda c: declare(c, main, "direct", last))
    for exchange in (main, second, last):
        channel.exchange_delete(exchange)
