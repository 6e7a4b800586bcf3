import asyncio
import os

import aio_pika
from yarl import URL


async def main():
    try:
        await aio_pika.connect(URL(os.environ["AMQP_URI"]).with_path("/no such host"))
        raise AssertionError("a virtual host that does not exist was opened")
    except aio_pika.exceptions.InvalidFrameError as refused:
        # aiormq does not pass on the broker's code and text.
        text = "Expected one of ['Connection.OpenOk'], got <Connection.Close"
        assert text in str(refused), refused


asyncio.run(main())
