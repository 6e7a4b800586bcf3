/* Tutorial 6: replies come back by reply_to, matched by correlation_id. */
#include "support.h"

enum { CALLS = 5 };

static int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void serve(Connection connection) {
    amqp_envelope_t request = next(connection);
    amqp_basic_properties_t properties = request.message.properties;
    int n = atoi(copy(request.message.body));
    char *reply_to = copy(properties.reply_to);
    properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG;
    publish_with(connection, 1, "", reply_to, &properties, format("%d", fib(n)));
    require(amqp_basic_ack(connection, 1, request.delivery_tag, false) == AMQP_STATUS_OK);
    amqp_destroy_envelope(&request);
}

int main(void) {
    char *queue = name("rpc_queue");
    Connection server = open_connection(), client = open_connection();
    declare(server, 1, queue, 0, amqp_empty_table);
    amqp_basic_qos(server, 1, 0, 1, false);
    check(server);
    consume(server, 1, queue, false, amqp_empty_table);

    char *callback = exclusive(client, 1);
    consume(client, 1, callback, true, amqp_empty_table);
    for (int call = 0; call < CALLS; call++) {
        amqp_basic_properties_t properties = {
            ._flags = AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG,
            .reply_to = amqp_cstring_bytes(callback),
            .correlation_id = amqp_cstring_bytes(format("call %d", call)),
        };
        publish_with(client, 1, "", queue, &properties, format("%d", 10 + call));
    }
    for (int call = 0; call < CALLS; call++) serve(server);

    for (int call = 0; call < CALLS; call++) {
        amqp_envelope_t reply = next(client);
        require(same(reply.message.properties.correlation_id, format("call %d", call)));
        require(same(reply.message.body, format("%d", fib(10 + call))));
        amqp_destroy_envelope(&reply);
    }
    delete_queue(client, 1, queue);
    close_connection(client);
    close_connection(server);
}
