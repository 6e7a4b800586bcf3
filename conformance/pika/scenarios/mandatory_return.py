import pika

from support import connect, name

nowhere = name("nowhere")

with connect() as connection:
    channel = connection.channel()
    returned = []
    channel.add_on_return_callback(lambda *message: returned.append(message[1:]))
    channel.basic_publish(
        exchange="",
        routing_key=nowhere,
        body="come back",
        properties=pika.BasicProperties(message_id="m-1", headers={"try": 1}),
        mandatory=True,
    )
    connection.process_data_events(time_limit=5)
    [(method, properties, body)] = returned
    assert (method.reply_code, method.reply_text) == (312, "NO_ROUTE")
    assert (method.exchange, method.routing_key) == ("", nowhere)
    assert (properties.message_id, properties.headers) == ("m-1", {"try": 1})
    assert body == b"come back"

    confirming = connection.channel()
    confirming.confirm_delivery()
    try:
        confirming.basic_publish(exchange="", routing_key=nowhere, body="x", mandatory=True)
        raise AssertionError("the return did not come before the confirm")
    except pika.exceptions.UnroutableError as unroutable:
        [message] = unroutable.messages
        assert (message.method.reply_code, message.body) == (312, b"x")
