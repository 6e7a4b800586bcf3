/* A wrong password is refused as the client's authentication error. */
#include "support.h"

int main(void) {
    Connection connection;
    amqp_rpc_reply_t reply = log_in(&connection, "/", "wrong", 0);
    require(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION);
    require(reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD);
    amqp_connection_close_t *close = reply.reply.decoded;
    require(close->reply_code == 403 && starts(close->reply_text, "ACCESS_REFUSED - Login was refused"));
    amqp_destroy_connection(connection);
}
