/* A virtual host that does not exist is refused with 530. */
#include "support.h"

int main(void) {
    Connection connection;
    amqp_rpc_reply_t reply = log_in(&connection, "no such host", "guest", 0);
    require(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION);
    require(reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD);
    amqp_connection_close_t *close = reply.reply.decoded;
    require(close->reply_code == 530);
    require(strstr(copy(close->reply_text), "vhost no such host not found") != NULL);
    amqp_destroy_connection(connection);
}
