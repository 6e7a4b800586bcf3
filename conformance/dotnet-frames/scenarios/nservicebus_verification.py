from nservicebus import declare_queue, open_connection
from support import name

with open_connection("Administration") as connection:
    version = connection.server_properties["version"].decode()
    assert tuple(map(int, version.split(".")[:2])) >= (3, 10), version
    channel, queue = connection.create_channel(), name("nsb.v2.verify-stream-flag-enabled")
    declare_queue(channel, queue, {"x-queue-type": "stream"})
    channel.queue_delete(queue)
