import datetime
import decimal

import pika

from support import connect, receive

headers = {
    "text": "grüße",
    "octets": b"\x00\xff",
    "true": True,
    "false": False,
    "short": 7,
    "int": -70_000,
    "long": 2**40,
    "smallest": -(2**63),
    "decimal": decimal.Decimal("12.34"),
    "time": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    "nothing": None,
    "list": ["one", 2, [True, None], {"k": "v"}],
    "table": {"inner": {"deep": 1}, "empty": {}},
}
sent = pika.BasicProperties(
    content_type="application/json",
    content_encoding="gzip",
    headers=headers,
    delivery_mode=2,
    priority=5,
    correlation_id="c-1",
    reply_to="somewhere",
    message_id="m-1",
    timestamp=1_700_000_000,
    type="kind",
    user_id="guest",
    app_id="conformance",
    cluster_id="cluster",
)

with connect() as connection:
    channel = connection.channel()
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    channel.basic_publish(exchange="", routing_key=queue, body="all", properties=sent)
    channel.basic_publish(exchange="", routing_key=queue, body="none")
    channel.basic_publish(
        exchange="", routing_key=queue, body="empty", properties=pika.BasicProperties(headers={})
    )

    every, none, empty = receive(channel, queue, 3)
    for key, value in vars(sent).items():
        if key != "headers":
            assert getattr(every[1], key) == value, key
    came = every[1].headers
    came["time"] = came["time"].replace(tzinfo=datetime.timezone.utc)
    assert came.keys() == headers.keys()
    for key, value in headers.items():
        assert came[key] == value, (key, value, came[key])
    assert all(value is None for value in vars(none[1]).values()), none[1]
    assert empty[1].headers == {}
