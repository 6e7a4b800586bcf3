import os

import pika

parameters = pika.URLParameters(os.environ["AMQP_URI"])
parameters.credentials = pika.PlainCredentials("guest", "wrong")
try:
    pika.BlockingConnection(parameters)
    raise AssertionError("a wrong password was accepted")
except pika.exceptions.ProbableAuthenticationError as refused:
    assert "ACCESS_REFUSED" in str(refused), refused
