/* A client that falls silent is given up: another consumer gets what it held, and it notices. */
#include "support.h"

int main(void) {
    char *queue = name("held");
    Connection connection = open_with_heartbeat(1);
    declare(connection, 1, queue, 0, amqp_empty_table);
    publish(connection, 1, "", queue, "held");
    consume(connection, 1, queue, false, amqp_empty_table);
    expect(connection, "held", false);

    control("/client/freeze?seconds=5");

    Message message;
    Connection other = open_connection();
    require(get(other, 1, queue, false, &message));
    require(strcmp(message.text, "held") == 0 && message.redelivered);
    try_declare(connection, 1, queue, PASSIVE, amqp_empty_table);
    require(amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION);
    amqp_destroy_connection(connection);
    delete_queue(other, 1, queue);
    close_connection(other);
}
