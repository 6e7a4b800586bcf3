from support import confirming, connect, drain, name, publish, texts

with connect() as connection:
    channel = confirming(connection)
    queue = name("ranked")
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    publish(channel, queue, "none")
    for priority in (3, 40, 5, 31, 4):
        publish(channel, queue, f"{priority}", priority=priority)
    found = texts(drain(channel, queue))
    assert found == ["40", "31", "5", "none", "4", "3"], found
    channel.queue_delete(queue)
