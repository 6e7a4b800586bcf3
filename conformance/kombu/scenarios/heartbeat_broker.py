"""kombu sends and checks heartbeats when it is told to, as its users have to in their loops."""

import time

import amqp

from support import connect, control


def run(connection, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection.drain_events(timeout=0.2)
        except TimeoutError:
            connection.heartbeat_check()


connection = connect(heartbeat=1)
connection.connect()
run(connection, 3)
assert connection.connected

control("/broker/freeze")
try:
    run(connection, 20)
    raise AssertionError("a broker that says nothing was not noticed")
except amqp.exceptions.ConnectionForced as noticed:
    assert "Too many heartbeats missed" in str(noticed), noticed
control("/broker/thaw")
with connect(heartbeat=1) as connection:
    assert connection.channel().is_open
