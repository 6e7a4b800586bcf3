from support import connect, name, refuse_arguments, refused

LIMITS = {"x-message-ttl": 60_000, "x-max-length": 5}
INTEGERS = ["x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority"]
STRINGS = ["x-overflow", "x-dead-letter-routing-key"]

OF = "for queue '{queue}' in vhost '/'"
CASES = [
    *(
        ({key: "1"}, f"invalid arg '{key}' {OF}: " + '"expected integer, got longstr"')
        for key in INTEGERS
    ),
    *(
        ({key: True}, f"invalid arg '{key}' {OF}: " + "{unacceptable_type,bool}")
        for key in STRINGS
    ),
    (
        {"x-queue-type": "foo"},
        f"invalid arg 'x-queue-type' {OF}: \"unsupported queue type 'foo'\"",
    ),
    (
        {"x-dead-letter-routing-key": "k"},
        f"invalid arg 'x-dead-letter-routing-key' {OF}: routing_key_but_no_dlx_defined",
    ),
    (
        {"x-dead-letter-exchange": True},
        "invalid type 'bool' for arg 'x-dead-letter-exchange' in queue '{queue}' in vhost '/'",
    ),
]

with connect() as connection:
    channel = connection.channel()
    refuse_arguments(connection, CASES)

    queue = name("limited")

    def declare(channel, arguments, **properties):
        channel.queue_declare(queue, exclusive=True, arguments=arguments, **properties)

    declare(channel, LIMITS | {"x-unknown": "kept"})
    declare(channel, LIMITS | {"x-unknown": "not compared"})
    wrong = f"PRECONDITION_FAILED - inequivalent arg '{{}}' for queue '{queue}' in vhost '/': "
    for arguments, text in [
        (LIMITS | {"x-message-ttl": 60_001}, "received '60001' but current is '60000'"),
        ({"x-max-length": 5}, "received none but current is the value '60000' of type '"),
    ]:
        text = wrong.format("x-message-ttl") + text
        refused(connection, 406, text, lambda c: declare(c, arguments))
    text = wrong.format("x-expires") + "received the value '60002' of type '"
    refused(connection, 406, text, lambda c: declare(c, LIMITS | {"x-expires": 60_002}))
    text = wrong.format("auto_delete") + "received 'true' but current is 'false'"
    refused(connection, 406, text, lambda c: declare(c, LIMITS, auto_delete=True))
