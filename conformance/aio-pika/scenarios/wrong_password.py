import asyncio
import os

import aio_pika
from yarl import URL


async def main():
    try:
        await aio_pika.connect(URL(os.environ["AMQP_URI"]).with_password("wrong"))
        raise AssertionError("a wrong password was accepted")
    except aio_pika.exceptions.ProbableAuthenticationError as refused:
        assert "ACCESS_REFUSED" in str(refused), refused


asyncio.run(main())
