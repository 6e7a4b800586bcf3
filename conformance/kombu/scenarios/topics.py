from kombu import Exchange, Producer, Queue, binding

from support import bodies, confirming, name, ready

exchange = Exchange(name("topic_logs"), type="topic", durable=False)
bindings = {
    "orange": ["*.orange.*"],
    "rabbits_and_lazy": ["*.*.rabbit", "lazy.#"],
    "all": ["#"],
}
expected = {
    "orange": ["quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox"],
    "rabbits_and_lazy": [
        "quick.orange.rabbit",
        "lazy.orange.elephant",
        "lazy.brown.fox",
        "lazy.pink.rabbit",
        "lazy.orange.new.rabbit",
        "lazy",
    ],
    "all": [
        "quick.orange.rabbit",
        "lazy.orange.elephant",
        "quick.orange.fox",
        "lazy.brown.fox",
        "lazy.pink.rabbit",
        "quick.brown.fox",
        "orange",
        "quick.orange.new.rabbit",
        "lazy.orange.new.rabbit",
        "lazy",
    ],
}

with confirming() as connection:
    channel = connection.channel()
    queues = {}
    for subscriber, keys in bindings.items():
        routes = [binding(exchange, routing_key=key) for key in keys]
        queues[subscriber] = Queue(name(subscriber), bindings=routes, exclusive=True)
        queues[subscriber](channel).declare()

    producer = Producer(channel, exchange, serializer="raw")
    for key in expected["all"]:
        producer.publish(key, routing_key=key)

    for subscriber, queue in queues.items():
        assert ready(channel, queue.name) == len(expected[subscriber])
        assert bodies(channel, queue, len(expected[subscriber])) == expected[subscriber]
    exchange(channel).delete()
