import amqp

from support import connect

connection = connect()
connection.virtual_host = "no such host"
try:
    connection.connect()
    raise AssertionError("a virtual host that does not exist was opened")
except amqp.exceptions.NotAllowed as refused:
    assert refused.reply_code == 530, refused
    assert "vhost no such host not found" in refused.reply_text, refused
