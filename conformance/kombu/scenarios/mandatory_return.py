from kombu import Producer

from support import connect, name, quiet

nowhere = name("nowhere")

with connect() as connection:
    returned = []
    producer = Producer(
        connection.channel(),
        serializer="raw",
        on_return=lambda *message: returned.append(message),
    )
    producer.publish("come back", routing_key=nowhere, mandatory=True, headers={"try": 1})
    quiet(connection)
    [(error, exchange, routing_key, message)] = returned
    assert (error.reply_code, error.reply_text) == (312, "NO_ROUTE")
    assert (exchange, routing_key) == ("", nowhere)
    assert message.body in ("come back", b"come back")
    assert message.headers == {"try": 1}
