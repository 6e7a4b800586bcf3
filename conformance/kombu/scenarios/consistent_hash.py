from kombu import Exchange

from support import confirming, declared, drain, name, publish, refused, texts

KINDS = {
    "key": {},
    "header": {"hash-header": "customer"},
    "property": {"hash-property": "correlation_id"},
}
CUSTOMERS, EACH = 40, 2


def hashing(kind, arguments=None):
    options = {"durable": False, "auto_delete": True, "arguments": arguments}
    return Exchange(name(kind), "x-consistent-hash", **options)


with confirming() as connection:
    channel = connection.channel()
    for kind, arguments in KINDS.items():
        exchange = hashing(kind, arguments)
        queues = [
            declared(channel, name(f"{kind}.{number}"), exchange=exchange, routing_key=weight)
            for number, weight in enumerate(("10", "20", "10"))
        ]
        for customer in map(str, list(range(CUSTOMERS)) * EACH):
            other = {"headers": {"customer": customer}, "correlation_id": customer}
            key = customer if kind == "key" else "same"
            publish(channel, key, customer, exchange=exchange, **other)
        shares = [texts(drain(queue)) for queue in queues]
        assert sum(map(len, shares)) == CUSTOMERS * EACH, "each message arrives once"
        assert all(shares), "every queue gets some"
        distinct = sum(len(set(share)) for share in shares)
        assert distinct == CUSTOMERS, "a customer's messages go to one queue"

    exchange = hashing("wrong")(channel)
    exchange.declare()
    queue = declared(channel, "")
    bind = lambda channel: queue(channel).bind_to(exchange, "0")
    refused(connection, 406, "The binding key must be greater than 0", bind)
    for arguments, text in [
        (
            {"hash-header": "a", "hash-property": "message_id"},
            "hash-header and hash-property are mutually exclusive",
        ),
        ({"hash-property": "app_id"}, "Unsupported property: app_id"),
    ]:
        declare = lambda channel: hashing("refused", arguments)(channel).declare()
        refused(connection, 406, text, declare)
    exchange.delete()
