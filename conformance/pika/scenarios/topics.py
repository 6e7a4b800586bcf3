from support import bodies, connect, name

exchange = name("topic_logs")
bindings = {
    "orange": ["*.orange.*"],
    "rabbits and lazy": ["*.*.rabbit", "lazy.#"],
    "all": ["#"],
}
expected = {
    "orange": ["quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox"],
    "rabbits and lazy": [
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

with connect() as connection:
    channel = connection.channel()
    channel.exchange_declare(exchange=exchange, exchange_type="topic")
    queues = {}
    for subscriber, keys in bindings.items():
        queues[subscriber] = channel.queue_declare(queue="", exclusive=True).method.queue
        for key in keys:
            channel.queue_bind(exchange=exchange, queue=queues[subscriber], routing_key=key)

    for key in expected["all"]:
        channel.basic_publish(exchange=exchange, routing_key=key, body=key)

    for subscriber, queue in queues.items():
        assert bodies(channel, queue, len(expected[subscriber])) == expected[subscriber]
        assert channel.queue_declare(queue=queue, passive=True).method.message_count == 0
    channel.exchange_delete(exchange)
