"""What RabbitMQ.Client for .NET writes and reads, as octets: frames, methods, properties, tables.

Only what the replayed calls need. Pure: no sockets here.
"""

import struct
from types import SimpleNamespace
from typing import NamedTuple

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
FRAME_END = 0xCE
FRAME_OVERHEAD = 8
"""A frame's type, channel, size and end."""

BASIC = 60
"""The class of everything that has content."""

SPEC = """
10 10 connection.start major:octet minor:octet server_properties:table mechanisms:longstr
    locales:longstr
10 11 connection.start-ok client_properties:table mechanism:shortstr response:longstr
    locale:shortstr
10 30 connection.tune channel_max:short frame_max:long heartbeat:short
10 31 connection.tune-ok channel_max:short frame_max:long heartbeat:short
10 40 connection.open vhost:shortstr reserved_1:shortstr reserved_2:bit
10 41 connection.open-ok reserved_1:shortstr
10 50 connection.close code:short text:shortstr class_id:short method_id:short
10 51 connection.close-ok
20 10 channel.open reserved_1:shortstr
20 11 channel.open-ok reserved_1:longstr
20 40 channel.close code:short text:shortstr class_id:short method_id:short
20 41 channel.close-ok
40 10 exchange.declare reserved_1:short exchange:shortstr type:shortstr passive:bit durable:bit
    auto_delete:bit internal:bit nowait:bit arguments:table
40 11 exchange.declare-ok
40 20 exchange.delete reserved_1:short exchange:shortstr if_unused:bit nowait:bit
40 21 exchange.delete-ok
40 30 exchange.bind reserved_1:short destination:shortstr source:shortstr routing_key:shortstr
    nowait:bit arguments:table
40 31 exchange.bind-ok
50 10 queue.declare reserved_1:short queue:shortstr passive:bit durable:bit exclusive:bit
    auto_delete:bit nowait:bit arguments:table
50 11 queue.declare-ok queue:shortstr messages:long consumers:long
50 20 queue.bind reserved_1:short queue:shortstr exchange:shortstr routing_key:shortstr
    nowait:bit arguments:table
50 21 queue.bind-ok
50 40 queue.delete reserved_1:short queue:shortstr if_unused:bit if_empty:bit nowait:bit
50 41 queue.delete-ok messages:long
60 10 basic.qos prefetch_size:long prefetch_count:short global_:bit
60 11 basic.qos-ok
60 20 basic.consume reserved_1:short queue:shortstr consumer_tag:shortstr no_local:bit
    no_ack:bit exclusive:bit nowait:bit arguments:table
60 21 basic.consume-ok consumer_tag:shortstr
60 30 basic.cancel consumer_tag:shortstr nowait:bit
60 31 basic.cancel-ok consumer_tag:shortstr
60 40 basic.publish reserved_1:short exchange:shortstr routing_key:shortstr mandatory:bit
    immediate:bit
60 50 basic.return code:short text:shortstr exchange:shortstr routing_key:shortstr
60 60 basic.deliver consumer_tag:shortstr delivery_tag:longlong redelivered:bit
    exchange:shortstr routing_key:shortstr
60 70 basic.get reserved_1:short queue:shortstr no_ack:bit
60 71 basic.get-ok delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr
    messages:long
60 72 basic.get-empty reserved_1:shortstr
60 80 basic.ack delivery_tag:longlong multiple:bit
60 90 basic.reject delivery_tag:longlong requeue:bit
60 120 basic.nack delivery_tag:longlong multiple:bit requeue:bit
85 10 confirm.select nowait:bit
85 11 confirm.select-ok
"""
"""Class, number and name of each method, and its arguments with their kinds."""

PROPERTIES = [
    ("content_type", "shortstr"),
    ("content_encoding", "shortstr"),
    ("headers", "table"),
    ("delivery_mode", "octet"),
    ("priority", "octet"),
    ("correlation_id", "shortstr"),
    ("reply_to", "shortstr"),
    ("expiration", "shortstr"),
    ("message_id", "shortstr"),
    ("timestamp", "longlong"),
    ("type", "shortstr"),
    ("user_id", "shortstr"),
    ("app_id", "shortstr"),
    ("cluster_id", "shortstr"),
]

INTEGERS = {"octet": ">B", "short": ">H", "long": ">I", "longlong": ">Q"}
DEFAULTS = {"bit": False, "shortstr": "", "longstr": b"", "table": {}}

NUMBERS = {
    "b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q",
    "f": ">f", "d": ">d", "T": ">Q", "D": ">Bi",
}  # fmt: skip
"""The field types of fixed size, by their letter."""


class Typed(NamedTuple):
    """A field value of a type that no Python type stands for; of a decimal, scale and digits."""

    letter: str
    value: object


def long(value):
    """A C# long: signed, 64 bits."""
    return Typed("l", value)


def method(name, **arguments):
    """A method's payload; what is not given is zero, false or empty."""
    number, fields = METHODS[name]
    unknown = arguments.keys() - {field for field, _ in fields}
    assert not unknown, f"{name} has no {unknown}"
    values = [(kind, arguments.get(field, DEFAULTS.get(kind, 0))) for field, kind in fields]
    return struct.pack(">HH", *number) + write_arguments(values)


def read_method(payload):
    """A method, with its `name` and its arguments as attributes."""
    reader = Reader(payload)
    number = (reader.number(">H"), reader.number(">H"))
    assert number in NAMES, f"the .NET client's replay knows no method {number}"
    name = NAMES[number]
    arguments = reader.arguments(METHODS[name][1])
    reader.end()
    return SimpleNamespace(name=name, **arguments)


def header(body_size, properties):
    """A content header's payload."""
    unknown = properties.keys() - {field for field, _ in PROPERTIES}
    assert not unknown, f"there is no property {unknown}"
    flags, values = 0, []
    for bit, (field, kind) in enumerate(PROPERTIES):
        if properties.get(field) is not None:
            flags |= 1 << (15 - bit)
            values.append((kind, properties[field]))
    return struct.pack(">HHQH", BASIC, 0, body_size, flags) + write_arguments(values)


def read_header(payload):
    """The body's size and the properties that are present."""
    class_id, _, body_size, flags = struct.unpack_from(">HHQH", payload)
    assert class_id == BASIC, class_id
    reader = Reader(payload, 14)
    present = [field for bit, field in enumerate(PROPERTIES) if flags & 1 << (15 - bit)]
    properties = reader.arguments(present)
    reader.end()
    return body_size, properties


def frame(kind, channel, payload=b""):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([FRAME_END])


def write_arguments(values):
    """Values with their kinds, neighbouring bits in one octet, the first of them lowest."""
    octets, bits = b"", []
    for kind, value in [*values, (None, None)]:
        if kind == "bit":
            bits.append(value)
            continue
        if bits:
            octets += bytes([sum(1 << place for place, bit in enumerate(bits) if bit)])
            bits = []
        if kind is not None:
            octets += write(kind, value)
    return octets


def write(kind, value):
    if kind in INTEGERS:
        return struct.pack(INTEGERS[kind], value)
    octets = write_fields(value) if kind == "table" else as_octets(value)
    return struct.pack(">B" if kind == "shortstr" else ">I", len(octets)) + octets


def write_fields(table):
    pairs = (write("shortstr", key) + write_field(value) for key, value in (table or {}).items())
    return b"".join(pairs)


def write_field(value):
    """A field with the letter that the .NET client gives its type: byte[] is S as string is."""
    match value:
        case None:
            return b"V"
        case Typed("x", octets):
            return b"x" + write("longstr", octets)
        case Typed(letter, number):
            numbers = number if isinstance(number, tuple) else (number,)
            return letter.encode() + struct.pack(NUMBERS[letter], *numbers)
        case str() | bytes():
            return b"S" + write("longstr", value)
        case bool():
            return b"t" + bytes([value])
        case int():
            return b"I" + struct.pack(">i", value)
        case float():
            return b"d" + struct.pack(">d", value)
        case dict():
            return b"F" + write("table", value)
        case list():
            return b"A" + write("longstr", b"".join(map(write_field, value)))
    raise TypeError(f"the .NET client writes no {value!r}")


def as_octets(value):
    return value.encode() if isinstance(value, str) else value


class Reader:
    """Takes one value after the other from a payload."""

    def __init__(self, octets, at=0):
        self.octets = octets
        self.at = at

    def take(self, count):
        assert self.at + count <= len(self.octets), "the payload is too short"
        self.at += count
        return self.octets[self.at - count : self.at]

    def end(self):
        assert self.at == len(self.octets), "the payload is too long"

    def number(self, layout):
        values = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return values if len(values) > 1 else values[0]

    def arguments(self, fields):
        values, bit, packed = {}, 0, 0
        for field, kind in fields:
            if kind != "bit":
                values[field], bit = self.value(kind), 0
                continue
            if bit == 0:
                packed = self.number(">B")
            values[field] = bool(packed & 1 << bit)
            bit += 1
        return values

    def value(self, kind):
        if kind in INTEGERS:
            return self.number(INTEGERS[kind])
        if kind == "shortstr":
            return self.take(self.number(">B")).decode()
        octets = self.take(self.number(">I"))
        return Reader(octets).fields() if kind == "table" else octets

    def fields(self):
        table = {}
        while self.at < len(self.octets):
            key = self.value("shortstr")
            table[key] = self.field()
        return table

    def field(self):
        """A field; strings come as bytes, as the .NET client gives them to its user."""
        letter = self.take(1).decode()
        match letter:
            case "V":
                return None
            case "S":
                return self.value("longstr")
            case "t":
                return self.number(">?")
            case "I" | "d":
                return self.number(NUMBERS[letter])
            case "F":
                return self.value("table")
            case "x":
                return Typed(letter, self.value("longstr"))
            case "A":
                array, items = Reader(self.value("longstr")), []
                while array.at < len(array.octets):
                    items.append(array.field())
                return items
        return Typed(letter, self.number(NUMBERS[letter]))


def parse(entry):
    """One method of SPEC: its name, its class and number, its arguments."""
    class_id, method_id, name, *arguments = entry.split()
    return name, ((int(class_id), int(method_id)), [tuple(each.split(":")) for each in arguments])


METHODS = dict(map(parse, SPEC.strip().replace("\n ", " ").splitlines()))
NAMES = {number: name for name, (number, _) in METHODS.items()}
