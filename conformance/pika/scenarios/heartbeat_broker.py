import time

import pika

from support import connect, control

connection = connect(heartbeat=1)
connection.process_data_events(1.5)
assert connection.is_open

control("/broker/freeze")
began = time.monotonic()
try:
    while time.monotonic() - began < 20:
        connection.process_data_events(0.1)
    raise AssertionError("a broker that says nothing was not noticed")
except pika.exceptions.AMQPHeartbeatTimeout:
    pass
control("/broker/thaw")
with connect(heartbeat=1) as connection:
    assert connection.channel().is_open
