from support import confirming, connect, drain, name, publish, texts

KEYS, EACH = 30, 2

with connect() as connection:
    channel = confirming(connection)

    def shares(kind):
        """What each of three queues got of messages with 30 keys, twice each."""
        exchange = name(kind)
        channel.exchange_declare(exchange, exchange_type=kind, auto_delete=True)
        queues = [name(f"{kind}.{number}") for number in range(3)]
        for queue in queues:
            channel.queue_declare(queue, exclusive=True)
            channel.queue_bind(queue, exchange, "ignored")
        for key in map(str, list(range(KEYS)) * EACH):
            publish(channel, key, key, exchange=exchange)
        found = [texts(drain(channel, queue)) for queue in queues]
        expected = sorted(map(str, list(range(KEYS)) * EACH))
        assert sorted(sum(found, [])) == expected, "each message arrives once"
        assert all(found), "every queue gets some"
        return found

    shares("x-random")
    by_key = shares("x-modulus-hash")
    assert sum(len(set(share)) for share in by_key) == KEYS, "a key goes to one queue"
