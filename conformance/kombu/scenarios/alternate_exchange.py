from kombu import Exchange, Producer

from support import confirming, declared, drain, name, publish, refused, texts


def exchange(suffix, kind, alternate=None):
    arguments = {"alternate-exchange": alternate.name} if alternate else None
    return Exchange(name(suffix), kind, durable=False, arguments=arguments)


with confirming() as connection:
    channel = connection.channel()
    last = exchange("last", "fanout")
    second = exchange("second", "topic", last)
    main = exchange("main", "direct", second)
    bound = declared(channel, name("bound"), exchange=main, routing_key="bound")
    caught = declared(channel, name("caught"), exchange=second, routing_key="caught.*")
    rest = declared(channel, name("rest"), exchange=last)

    for key in ("bound", "caught.here", "anything"):
        publish(channel, key, key, exchange=main)
    for queue, key in [(bound, "bound"), (caught, "caught.here"), (rest, "anything")]:
        (message,) = drain(queue)
        info = message.delivery_info
        assert (info["exchange"], info["routing_key"], message.decode()) == (main.name, key, key)

    returned = []
    on_return = lambda *message: returned.append(message)
    producer = Producer(channel, serializer="raw", on_return=on_return)
    producer.publish("not returned", "anything", exchange=main, mandatory=True)
    assert returned == [] and texts(drain(rest)) == ["not returned"], returned

    text = f"inequivalent arg 'alternate-exchange' for exchange '{main.name}' in vhost '/': "
    text += f"received '{last.name}' but current is '{second.name}'"
    other = exchange("main", "direct", last)
    refused(connection, 406, text, lambda channel: other(channel).declare())
    for each in (main, second, last):
        each(channel).delete()
