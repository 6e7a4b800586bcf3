from dotnet import PublishException
from masstransit import (
    address,
    declare_bus_endpoint,
    declare_endpoint,
    declare_exchanges,
    declare_published,
    declare_queue,
    move,
    opened,
    publish,
    start_bus,
    start_consumer,
    stop_bus,
    type_exchange,
)
from support import connect, name, refused

ORDER, COMMAND = map(type_exchange, ("SubmitOrder", "ICommand"))
SERVICE, BUS = name("order-service"), name("conformance_bus_yyyo")
ERROR, SKIPPED = f"{SERVICE}_error", f"{SERVICE}_skipped"

service, endpoint = start_bus()
declare_endpoint(endpoint, SERVICE, [COMMAND])
service_tag = start_consumer(endpoint, SERVICE)

client, bus = start_bus()
declare_bus_endpoint(bus, BUS)
bus_tag = start_consumer(bus, BUS)


def receive(channel, exchange, order):
    delivery = channel.next_delivery()
    envelope = opened(delivery)
    assert (delivery.exchange, delivery.routing_key) == (exchange, ""), delivery
    assert envelope["message"] == {"order": order}, envelope
    return delivery, envelope


# Published as SubmitOrder, consumed as ICommand, which it implements.
declare_published(bus, ORDER, COMMAND)
publish(bus, ORDER, {"order": 1})
delivery, _ = receive(endpoint, ORDER, 1)
endpoint.basic_ack(delivery.delivery_tag)

# Sent to the queue's address, by which the sender declares the queue as its endpoint did.
declare_queue(bus, SERVICE)
declare_exchanges(bus, SERVICE)
bus.queue_bind(SERVICE, SERVICE)
publish(bus, SERVICE, {"order": 2}, mandatory=True)
delivery, _ = receive(endpoint, SERVICE, 2)
endpoint.basic_ack(delivery.delivery_tag)

# What nobody has an endpoint for comes back when it is mandatory, and is dropped when not.
lonely = type_exchange("Lonely")
declare_published(bus, lonely)
publish(bus, lonely, {"order": 3})
try:
    publish(bus, lonely, {"order": 3}, mandatory=True)
except PublishException as exception:
    assert (exception.message.code, exception.message.exchange) == (312, lonely), exception
else:
    raise AssertionError("a mandatory message without an endpoint was confirmed")

# A request names its bus's exchange, which the one who answers declares as that bus did.
publish(bus, ORDER, {"order": 4}, requestId="4", responseAddress=address(BUS, "?temporary=true"))
delivery, request = receive(endpoint, ORDER, 4)
assert request["responseAddress"] == address(BUS, "?temporary=true"), request
endpoint.exchange_declare(BUS, "fanout", auto_delete=True)
publish(endpoint, BUS, {"order": 4}, requestId=request["requestId"])
endpoint.basic_ack(delivery.delivery_tag)
delivery, response = receive(bus, BUS, 4)
assert response["requestId"] == "4", response
bus.basic_ack(delivery.delivery_tag)

# A fault and an unknown type move to queues of their own, with what went wrong.
for order, destination, reason in [(5, ERROR, "fault"), (6, SKIPPED, "dead-letter")]:
    publish(bus, ORDER, {"order": order}, headers={"Tenant": "acme"})
    delivery, _ = receive(endpoint, ORDER, order)
    move(endpoint, delivery, destination, reason)
    moved = endpoint.basic_get(destination)
    assert opened(moved)["message"] == {"order": order}, moved
    headers = moved.properties["headers"]
    assert (headers["MT-Reason"], headers["Tenant"]) == (reason.encode(), b"acme"), headers

# With its connection the bus's queue goes, and with that its exchange; the service's stay.
stop_bus(client, bus, bus_tag)
stop_bus(service, endpoint, service_tag)
with connect() as connection:
    for missing in "queue_declare_passive", "exchange_declare_passive":
        with refused(404, f"NOT_FOUND - no {missing.partition('_')[0]} '{BUS}'"):
            getattr(connection.create_channel(), missing)(BUS)
    channel = connection.create_channel()
    for queue in SERVICE, ERROR, SKIPPED:
        assert channel.queue_declare_passive(queue).messages == 0
        channel.queue_delete(queue)
    for exchange in ORDER, COMMAND, lonely, SERVICE, ERROR, SKIPPED:
        channel.exchange_delete(exchange)
