"""RabbitMQ.Client's calls as it sends them: the order of its methods, their flags and arguments.

What it does on several threads is done by one here, but for its heartbeats. Methods have the names
of the library's, and their defaults.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from types import SimpleNamespace

import codec

VERSION = "7.2.2"
"""The version whose calls these are."""

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

REQUESTED_CHANNEL_MAX = 2047
REQUESTED_FRAME_MAX = 0
REQUESTED_HEARTBEAT = 60
FIRST_HEARTBEAT = 0.2
"""Seconds until the first heartbeat, which does not wait for the interval."""

SEQUENCE_NUMBER = "x-dotnet-pub-seq-no"
"""The header by which a return finds the publish that it answers."""

CLIENT_PROPERTIES = {
    "product": b"RabbitMQ",
    "version": VERSION.encode(),
    "platform": b".NET",
    "copyright": b"Copyright (c) 2007-2026 Broadcom.",
    "information": b"Licensed under the MPL. See https://www.rabbitmq.com/",
}

CAPABILITIES = {
    "publisher_confirms": True,
    "exchange_exchange_bindings": True,
    "basic.nack": True,
    "consumer_cancel_notify": True,
    "connection.blocked": True,
    "authentication_failure_close": True,
}


class Closed(Exception):
    """The broker closed the channel or the connection."""

    def __init__(self, close):
        super().__init__(f"{close.code} {close.text}")
        self.code = close.code
        self.text = close.text


class PublishException(Exception):
    """A tracked publish came back or was refused; `message` is what came back."""

    def __init__(self, message=None):
        super().__init__(message)
        self.message = message


class Connection:
    """A connection; `tuned` is what its connection.tune-ok said."""

    def __init__(
        self, address, user, password, vhost="/", name=None,
        properties=CLIENT_PROPERTIES, heartbeat=REQUESTED_HEARTBEAT,
    ):  # fmt: skip
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.writing = threading.Lock()
        self.ended = threading.Event()
        self.received = b""
        self.methods = deque()
        self.channels = {}
        self.heartbeats = 0
        with self.closing_on_failure():
            self.start_and_tune(user, password, name, properties, heartbeat)
            self.send(codec.method("connection.open", vhost=vhost))

    def start_and_tune(self, user, password, name, properties, heartbeat):
        self.write(codec.PROTOCOL_HEADER)
        start = self.await_method("connection.start")
        assert (start.major, start.minor) == (0, 9), start
        assert b"PLAIN" in start.mechanisms, start
        self.server_properties = start.server_properties
        start_ok = codec.method(
            "connection.start-ok",
            client_properties=properties | {"capabilities": CAPABILITIES, "connection_name": name},
            mechanism="PLAIN",
            response=f"\0{user}\0{password}",
            locale="en_US",
        )
        self.send(start_ok)
        tune = self.await_method("connection.tune")
        self.tuned = SimpleNamespace(
            channel_max=negotiated(REQUESTED_CHANNEL_MAX, tune.channel_max),
            frame_max=negotiated(REQUESTED_FRAME_MAX, tune.frame_max),
            heartbeat=negotiated(heartbeat, tune.heartbeat),
        )
        self.send(codec.method("connection.tune-ok", **vars(self.tuned)))
        if self.tuned.heartbeat:
            threading.Thread(target=self.send_heartbeats, daemon=True).start()

    def send_heartbeats(self):
        """One soon, then one for each half of the interval."""
        pause = FIRST_HEARTBEAT
        with contextlib.suppress(OSError):
            while not self.ended.wait(pause):
                self.write(codec.frame(codec.HEARTBEAT, 0))
                pause = self.tuned.heartbeat / 2

    def create_channel(self, confirms=False):
        """Opens the channel with the lowest free number; nobody waits for connection.open-ok."""
        number = next(n for n in range(1, self.tuned.channel_max + 1) if n not in self.channels)
        channel = self.channels[number] = Channel(self, number)
        channel.open(confirms)
        return channel

    def close(self, code=200, text="Goodbye"):
        self.send(codec.method("connection.close", code=code, text=text))
        self.await_method("connection.close-ok")
        self.end()

    def end(self):
        """Closes the socket, whatever there may be."""
        self.ended.set()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and not self.ended.is_set():
            self.close()
        self.end()

    @contextlib.contextmanager
    def closing_on_failure(self):
        try:
            yield
        except BaseException:
            self.end()
            raise

    def send(self, payload):
        self.write(codec.frame(codec.METHOD, 0, payload))

    def write(self, octets):
        with self.writing:
            self.socket.sendall(octets)

    def await_method(self, name):
        """The next method of channel 0, but for connection.open-ok, which is that one."""
        self.process_until(lambda: self.methods, name)
        method = self.methods.popleft()
        assert method.name == name, f"{method} instead of {name}"
        return method

    def process_until(self, done, what):
        """Handles what comes until `done()`."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert self.process(deadline), f"{what} did not come"

    def process(self, deadline):
        """Handles one frame; false when none has come by the deadline."""
        frame = self.read_frame(deadline)
        if frame is None:
            return False
        kind, number, payload = frame
        if kind == codec.HEARTBEAT:
            assert number == 0, "a heartbeat on a channel"
            self.heartbeats += 1
        elif number == 0:
            self.handle(codec.read_method(payload))
        elif number in self.channels:
            self.channels[number].handle_frame(kind, payload)
        return True

    def handle(self, method):
        if method.name == "connection.close":
            self.send(codec.method("connection.close-ok"))
            self.end()
            raise Closed(method)
        if method.name != "connection.open-ok":
            self.methods.append(method)

    def read_frame(self, deadline):
        size = codec.FRAME_OVERHEAD
        while True:
            if len(self.received) >= codec.FRAME_OVERHEAD:
                kind, number, length = struct.unpack_from(">BHI", self.received)
                size = length + codec.FRAME_OVERHEAD
                if len(self.received) >= size:
                    frame, self.received = self.received[:size], self.received[size:]
                    assert frame[-1] == codec.FRAME_END, frame
                    return kind, number, frame[7:-1]
            if not self.read_more(deadline):
                return None

    def read_more(self, deadline):
        self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            octets = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(PATIENCE)
        assert octets, "the broker closed the socket"
        self.received += octets
        return True


class Channel:
    """A channel, with confirms and the tracking of them if it was created so."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number
        self.closed = None
        self.confirms = False
        self.next_sequence_number = 1
        self.unconfirmed = {}
        self.replies = deque()
        self.deliveries = deque()
        self.cancelled = []
        self.content = None

    def open(self, confirms):
        self.call("channel.open")
        if confirms:
            self.call("confirm.select")
            self.confirms = True

    def close(self, code=200, text="Goodbye"):
        self.call("channel.close", code=code, text=text)
        del self.connection.channels[self.number]

    def exchange_declare(self, exchange, kind, durable=False, auto_delete=False, arguments=None):
        self.call(
            "exchange.declare", exchange=exchange, type=kind,
            durable=durable, auto_delete=auto_delete, arguments=arguments,
        )  # fmt: skip

    def exchange_declare_passive(self, exchange):
        """Without a type, as the library asks."""
        self.call("exchange.declare", exchange=exchange, type="", passive=True)

    def exchange_delete(self, exchange):
        self.call("exchange.delete", exchange=exchange)

    def exchange_bind(self, destination, source, routing_key=""):
        self.call(
            "exchange.bind", destination=destination, source=source, routing_key=routing_key
        )

    def queue_declare(
        self, queue="", durable=False, exclusive=True, auto_delete=True, arguments=None
    ):
        """The queue's name."""
        declared = self.call(
            "queue.declare", queue=queue, durable=durable, exclusive=exclusive,
            auto_delete=auto_delete, arguments=arguments,
        )  # fmt: skip
        return declared.queue

    def queue_declare_passive(self, queue):
        return self.call("queue.declare", queue=queue, passive=True)

    def queue_bind(self, queue, exchange, routing_key=""):
        self.call("queue.bind", queue=queue, exchange=exchange, routing_key=routing_key)

    def queue_delete(self, queue):
        self.call("queue.delete", queue=queue)

    def basic_qos(self, prefetch_count):
        self.call("basic.qos", prefetch_count=prefetch_count)

    def basic_consume(self, queue, no_ack=False, consumer_tag=""):
        """The consumer's tag; its deliveries come by `next_delivery`."""
        started = self.call(
            "basic.consume", queue=queue, consumer_tag=consumer_tag, no_ack=no_ack
        )
        return started.consumer_tag

    def basic_cancel(self, consumer_tag):
        self.call("basic.cancel", consumer_tag=consumer_tag)

    def basic_get(self, queue, no_ack=True):
        """The next message, or None."""
        return self.call("basic.get", queue=queue, no_ack=no_ack)

    def basic_ack(self, delivery_tag, multiple=False):
        self.send("basic.ack", delivery_tag=delivery_tag, multiple=multiple)

    def basic_nack(self, delivery_tag, multiple=False, requeue=True):
        self.send("basic.nack", delivery_tag=delivery_tag, multiple=multiple, requeue=requeue)

    def basic_reject(self, delivery_tag, requeue=True):
        self.send("basic.reject", delivery_tag=delivery_tag, requeue=requeue)

    def basic_publish(self, exchange, routing_key, body, mandatory=False, **properties):
        """Publishes; with confirms it returns when the broker has confirmed."""
        number = self.start_publish(exchange, routing_key, body, mandatory, **properties)
        if self.confirms:
            self.await_confirm(number)

    def start_publish(self, exchange, routing_key, body, mandatory=False, **properties):
        """Publishes, method, header and body in one write; its number, for `await_confirm`."""
        number = self.next_sequence_number
        if self.confirms:
            headers = properties.get("headers") or {}
            properties["headers"] = headers | {SEQUENCE_NUMBER: codec.long(number)}
            self.next_sequence_number += 1
            self.unconfirmed[number] = None
        publish = codec.method(
            "basic.publish", exchange=exchange, routing_key=routing_key, mandatory=mandatory
        )
        room = self.connection.tuned.frame_max - codec.FRAME_OVERHEAD
        pieces = [body[at : at + room] for at in range(0, len(body), room)]
        frames = [(codec.METHOD, publish), (codec.HEADER, codec.header(len(body), properties))]
        frames += [(codec.BODY, piece) for piece in pieces]
        self.connection.write(b"".join(codec.frame(kind, self.number, p) for kind, p in frames))
        return number

    def await_confirm(self, number):
        """Waits for the confirm; PublishException when it was refused or came back."""
        self.process_until(lambda: self.unconfirmed[number] is not None, "a confirm")
        outcome = self.unconfirmed.pop(number)
        if outcome != "ack":
            raise outcome

    def next_delivery(self):
        self.process_until(lambda: self.deliveries, "a delivery")
        return self.deliveries.popleft()

    def call(self, name, **arguments):
        """Sends a method and waits for its answer."""
        self.send(name, **arguments)
        self.process_until(lambda: self.replies, f"the answer to {name}")
        reply = self.replies.popleft()
        if name == "basic.get":
            return None if reply.name == "basic.get-empty" else reply
        assert reply.name == f"{name}-ok", reply
        return reply

    def send(self, name, **arguments):
        payload = codec.method(name, **arguments)
        self.connection.write(codec.frame(codec.METHOD, self.number, payload))

    def process_until(self, done, what):
        def ended():
            if self.closed is not None:
                raise self.closed
            return done()

        self.connection.process_until(ended, what)

    def handle_frame(self, kind, payload):
        """Puts methods with content together, then handles them."""
        if kind == codec.METHOD:
            assert self.content is None, "a method where content has to be"
            method = codec.read_method(payload)
            if method.name in CONTENT:
                self.content = method
                return
            self.handle(method)
            return
        assert self.content is not None, "content without a method"
        if kind == codec.HEADER:
            self.content.size, self.content.properties = codec.read_header(payload)
            self.content.body = b""
        else:
            self.content.body += payload
        if len(self.content.body) >= self.content.size:
            message, self.content = self.content, None
            self.handle(message)

    def handle(self, method):
        match method.name:
            case "basic.deliver":
                self.deliveries.append(method)
            case "basic.return":
                number = method.properties.get("headers", {}).get(SEQUENCE_NUMBER)
                assert number is not None, f"a return without its number: {method}"
                self.confirm([number.value], PublishException(method))
            case "basic.ack" | "basic.nack":
                tag = method.delivery_tag
                numbers = [n for n in self.unconfirmed if n == tag or method.multiple and n < tag]
                self.confirm(numbers, "ack" if method.name == "basic.ack" else PublishException())
            case "basic.cancel":
                self.cancelled.append(method.consumer_tag)
            case "channel.close":
                self.closed = Closed(method)
                self.send("channel.close-ok")
                del self.connection.channels[self.number]
            case _:
                self.replies.append(method)

    def confirm(self, numbers, outcome):
        """The first outcome holds: a message that came back is acknowledged afterwards."""
        for number in numbers:
            if number in self.unconfirmed and self.unconfirmed[number] is None:
                self.unconfirmed[number] = outcome


CONTENT = {"basic.deliver", "basic.return", "basic.get-ok"}


def negotiated(client, server):
    """The lower of the two; zero is no limit."""
    return max(client, server) if 0 in (client, server) else min(client, server)
