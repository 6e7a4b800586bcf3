from kombu import Exchange, Producer, Queue, binding

from support import bodies, confirming, name, ready

exchange = Exchange(name("direct_logs"), type="direct", durable=False)
errors = Queue(name("errors"), exchange, routing_key="error", exclusive=True)
everything = Queue(
    name("everything"),
    bindings=[binding(exchange, routing_key=key) for key in ("info", "warning", "error")],
    exclusive=True,
)

with confirming() as connection:
    channel = connection.channel()
    producer = Producer(channel, exchange, serializer="raw")
    for queue in (errors, everything):
        queue(channel).declare()

    for severity in ("info", "error", "debug", "warning"):
        producer.publish(severity, routing_key=severity)

    assert (ready(channel, errors.name), ready(channel, everything.name)) == (1, 3)
    assert bodies(channel, errors, 1) == ["error"]
    assert bodies(channel, everything, 3) == ["info", "error", "warning"]
    exchange(channel).delete()
