from support import confirming, connect, consume, drain, name, publish, take

with connect() as connection:
    channel = confirming(connection)
    queue = name("counting")
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1}
    channel.queue_declare(queue, durable=True, arguments=arguments)
    publish(channel, queue, "again")
    jobs = consume(channel, queue)

    def expect(failed, acquired):
        """The next delivery's tag; it failed and was handed out so often before."""
        ((method, properties, _),) = take(connection, jobs, 1)
        headers = properties.headers or {}
        told = (headers.get("x-delivery-count", 0), headers.get("x-acquired-count", 0))
        assert told == (failed, acquired), headers
        return method.delivery_tag

    for acquired in range(3):
        channel.basic_nack(expect(0, acquired), requeue=True)
    channel.basic_reject(expect(0, 3), requeue=True)
    channel.basic_reject(expect(1, 4), requeue=True)
    assert drain(channel, queue) == jobs == [], "more failed deliveries than the limit"
    channel.queue_delete(queue)
