import datetime
import decimal

import amqp
from kombu import Producer, Queue

from support import connect, name, receive

headers = {
    "text": "grüße",
    "true": True,
    "false": False,
    "int": -70_000,
    "long": 2**40,
    "smallest": -(2**63),
    "float": 0.1,
    "decimal": decimal.Decimal("12.34"),
    "time": datetime.datetime(2026, 1, 2, 3, 4, 5),
    "nothing": None,
    "list": ["one", 2, [True, None], {"k": "v"}],
    "table": {"inner": {"deep": 1}, "empty": {}},
}
properties = {
    "content_type": "application/x-thing",
    "content_encoding": "binary",
    "delivery_mode": 2,
    "priority": 5,
    "correlation_id": "c-1",
    "reply_to": "somewhere",
    "message_id": "m-1",
    "timestamp": 1_700_000_000,
    "type": "kind",
    "user_id": "guest",
    "app_id": "conformance",
    "cluster_id": "cluster",
}

with connect() as connection:
    channel = connection.channel()
    queue = Queue(name("properties"), exclusive=True)
    queue(channel).declare()
    sent = amqp.Message(b"all", application_headers=headers, **properties)
    channel.basic_publish(sent, exchange="", routing_key=queue.name)
    Producer(channel).publish({"some": "json"}, routing_key=queue.name, priority=0)

    every, json = receive(channel, queue, 2)
    assert every.body in ("all", b"all")
    came = dict(every.properties, content_type=every.content_type)
    came["content_encoding"] = every.content_encoding
    for key, value in properties.items():
        assert came[key] == value, (key, value, came.get(key))
    assert every.headers.keys() == headers.keys()
    for key, value in headers.items():
        assert every.headers[key] == value, (key, value, every.headers[key])
    assert json.payload == {"some": "json"}
    assert json.properties["priority"] == 0
    assert json.properties["delivery_mode"] == 2
    assert json.headers == {}
