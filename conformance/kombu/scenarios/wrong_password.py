import amqp

from support import connect

connection = connect()
connection.password = "wrong"
try:
    connection.connect()
    raise AssertionError("a wrong password was accepted")
except amqp.exceptions.AccessRefused as refused:
    assert refused.reply_code == 403, refused
    assert "Login was refused using authentication mechanism" in refused.reply_text, refused
