import pika

from support import connect

try:
    connect(virtual_host="no such host")
    raise AssertionError("a virtual host that does not exist was opened")
except pika.exceptions.ProbableAccessDeniedError as refused:
    assert "530" in str(refused) and "vhost no such host not found" in str(refused), refused
