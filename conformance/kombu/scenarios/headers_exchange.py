from kombu import Exchange, Producer, Queue

from support import bodies, confirming, name, ready, refused

exchange = Exchange(name("headers"), "headers", durable=False, auto_delete=True)


def subscriber(match):
    wanted = {"x-match": match, "format": "pdf", "pages": 2}
    return Queue(name(match), exchange, "ignored", binding_arguments=wanted, exclusive=True)


with confirming() as connection:
    channel = connection.channel()
    every, some = subscriber("all"), subscriber("any")
    for queue in (every, some):
        queue(channel).declare()

    producer = Producer(channel, exchange, serializer="raw")
    producer.publish("both", headers={"format": "pdf", "pages": 2, "x": 1})
    producer.publish("one", headers={"format": "pdf", "pages": 3})
    producer.publish("none", headers={"format": "PDF"})
    producer.publish("bare")

    assert (ready(channel, every.name), ready(channel, some.name)) == (1, 2)
    wrong = {"x-match": "some"}
    bind = lambda channel: every(channel).bind_to(exchange, arguments=wrong)
    refused(connection, 406, "Invalid x-match field value", bind)
    assert bodies(channel, every, 1) == ["both"]
    assert bodies(channel, some, 2) == ["both", "one"]
