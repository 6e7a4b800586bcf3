"""What MassTransit 8.5.8 asks of RabbitMQ.Client: its topology, its messages, its moves.

Everything is declared again by whoever is about to use it, so that flags and arguments of both
sides have to agree.
"""

import json
import os
import uuid

from codec import long
from dotnet import CLIENT_PROPERTIES
from support import connect, name

CONTENT_TYPE = "application/vnd.masstransit+json"
PREFETCH = 16
BUS_EXPIRES = long(60_000)
"""Milliseconds. The queue is exclusive, too, so that it goes with its connection before."""

PROPERTIES = CLIENT_PROPERTIES | {
    "client_api": "MassTransit",
    "masstransit_version": "8.5.8.0",
    "net_version": "9.0.0",
    "hostname": "conformance",
    "connected": "Mon, 30 Nov 2026 12:00:00 GMT",
    "process_id": "1",
    "process_name": "conformance",
    "assembly": "conformance",
    "assembly_version": "1.0.0.0",
}

HOST_HEADERS = {
    "MT-Host-MachineName": "conformance",
    "MT-Host-ProcessName": "conformance",
    "MT-Host-ProcessId": "1",
    "MT-Host-Assembly": "conformance",
    "MT-Host-AssemblyVersion": "1.0.0.0",
    "MT-Host-MassTransitVersion": "8.5.8.0",
    "MT-Host-FrameworkVersion": "9.0.0",
    "MT-Host-OperatingSystemVersion": "Unix 6.1.0.0",
}


def start_bus():
    """A bus's connection, and the channel of one of its endpoints, which confirms."""
    connection = connect(name="conformance", properties=PROPERTIES)
    return connection, connection.create_channel(confirms=True)


def stop_bus(connection, channel, consumer_tag):
    channel.basic_cancel(consumer_tag)
    channel.close(text="ChannelContext Disposed")
    connection.close(text="Connection Disposed")


def type_exchange(type_name):
    """The exchange of a message type, `namespace:name`."""
    return name(f"Contracts:{type_name}")


def declare_endpoint(channel, endpoint, types):
    """A receive endpoint: queues first, then exchanges, the queue's binding, the types'."""
    declare_queue(channel, endpoint)
    declare_exchanges(channel, endpoint, *types)
    channel.queue_bind(endpoint, endpoint)
    for each in types:
        channel.exchange_bind(endpoint, each)


def declare_bus_endpoint(channel, bus):
    """A bus's own endpoint: its exchange goes with its queue, its queue with its connection."""
    arguments = {"x-expires": BUS_EXPIRES}
    channel.queue_declare(bus, exclusive=True, auto_delete=False, arguments=arguments)
    channel.exchange_declare(bus, "fanout", auto_delete=True)
    channel.queue_bind(bus, bus)


def declare_published(channel, exchange, *implemented):
    """A type that is published, and the types that it implements, which get it too."""
    declare_exchanges(channel, exchange, *implemented)
    for each in implemented:
        channel.exchange_bind(each, exchange)


def declare_queue(channel, queue):
    channel.queue_declare(queue, durable=True, exclusive=False, auto_delete=False)


def declare_exchanges(channel, *exchanges):
    for exchange in exchanges:
        channel.exchange_declare(exchange, "fanout", durable=True)


def start_consumer(channel, queue):
    channel.basic_qos(PREFETCH)
    return channel.basic_consume(queue)


def address(entity, options=""):
    """An endpoint's address, as envelopes have it."""
    return f"rabbitmq://localhost/{entity}{options}"


def publish(channel, exchange, message, mandatory=False, headers=None, **envelope):
    """Publishes a message in its envelope, and waits for the confirm."""
    message_id = str(uuid.uuid4())
    body = envelope | {
        "messageId": message_id,
        "conversationId": str(uuid.uuid4()),
        "destinationAddress": address(exchange),
        "messageType": [f"urn:message:{exchange}"],
        "message": message,
        "headers": {},
        "host": {"machineName": "conformance", "processId": os.getpid()},
    }
    channel.basic_publish(
        exchange, "", json.dumps(body).encode(), mandatory, content_type=CONTENT_TYPE,
        delivery_mode=2, message_id=message_id, headers=headers or {},
    )  # fmt: skip


def opened(delivery):
    """The envelope that was delivered."""
    assert delivery.properties["content_type"] == CONTENT_TYPE, delivery.properties
    assert delivery.properties["delivery_mode"] == 2, delivery.properties
    envelope = json.loads(delivery.body)
    assert delivery.properties["message_id"] == envelope["messageId"], delivery.properties
    return envelope


def move(channel, delivery, destination, reason):
    """Moves what was delivered to `_error` or `_skipped`, and acknowledges it when it is there."""
    declare_queue(channel, destination)
    declare_exchanges(channel, destination)
    channel.queue_bind(destination, destination)
    headers = delivery.properties["headers"] | HOST_HEADERS | {"MT-Reason": reason}
    properties = delivery.properties | {"headers": headers}
    channel.basic_publish(
        destination, delivery.routing_key, delivery.body, mandatory=True, **properties
    )
    channel.basic_ack(delivery.delivery_tag)
