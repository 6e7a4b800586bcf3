from support import QUIET, confirmed, connect, name, pause, run, until

MESSAGES = 10


def scenario():
    queue, nowhere = name("queue"), name("nowhere")
    connection = yield connect
    channel = yield lambda done: connection.channel(on_open_callback=done)
    declared = yield lambda done: channel.queue_declare(queue, callback=done)
    assert (declared.method.queue, declared.method.message_count) == (queue, 0)

    confirms, returned = [], []
    channel.add_on_return_callback(lambda _, *message: returned.append(message))
    confirm = lambda frame: confirms.append(frame.method)
    yield lambda done: channel.confirm_delivery(confirm, callback=done)
    for number in range(MESSAGES):
        channel.basic_publish("", queue, str(number))
    channel.basic_publish("", nowhere, "come back", mandatory=True)
    yield until(lambda: confirmed(confirms) == set(range(1, MESSAGES + 2)))
    [(method, _, body)] = returned
    assert (method.reply_code, method.routing_key, body) == (312, nowhere, b"come back")

    deliveries = []
    take = lambda _, method, __, body: deliveries.append((method.delivery_tag, body.decode()))
    yield lambda done: channel.basic_qos(prefetch_count=3, callback=done)
    tag = channel.basic_consume(queue, take)
    yield until(lambda: len(deliveries) == 3)
    yield pause(QUIET)
    assert len(deliveries) == 3, "the prefetch did not hold"
    channel.basic_ack(deliveries[2][0], multiple=True)
    yield until(lambda: len(deliveries) == 6)
    assert [body for _, body in deliveries] == [str(number) for number in range(6)]

    yield lambda done: channel.basic_cancel(tag, callback=done)
    channel.basic_nack(0, multiple=True, requeue=True)
    yield pause(QUIET)
    assert len(deliveries) == 6, "a cancelled consumer got messages"
    found = yield lambda done: channel.queue_declare(queue, passive=True, callback=done)
    assert (found.method.message_count, found.method.consumer_count) == (MESSAGES - 3, 0)

    channel.queue_declare(name("missing"), passive=True)
    _, closed = yield channel.add_on_close_callback
    assert (closed.reply_code, connection.is_open) == (404, True), closed
    channel = yield lambda done: connection.channel(on_open_callback=done)
    yield lambda done: channel.queue_delete(queue, callback=done)
    connection.close()
    _, closed = yield connection.add_on_close_callback
    assert closed.reply_code == 200, closed


run(scenario)
