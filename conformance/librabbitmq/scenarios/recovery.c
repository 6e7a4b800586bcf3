/* After kill -9 and a start: librabbitmq does not recover by itself, who uses it connects and
   declares again; nothing durable that was confirmed is lost. */
#include "support.h"

static char *queue, *direct;
static amqp_basic_properties_t persistent = {
    ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
    .delivery_mode = 2,
};

static void declare_all(Connection connection) {
    exchange(connection, 1, direct, "direct", DURABLE);
    check(connection);
    declare(connection, 1, queue, DURABLE, amqp_empty_table);
    bind_queue(connection, 1, queue, direct, "key");
    amqp_confirm_select(connection, 1);
    check(connection);
}

int main(void) {
    queue = name("durable");
    direct = name("exchange");
    Connection connection = open_connection();
    declare_all(connection);
    publish_with(connection, 1, direct, "key", &persistent, "1");
    publish_with(connection, 1, direct, "key", &persistent, "2");
    publish(connection, 1, direct, "key", "transient");
    confirmed(connection, 1, 3);

    control("/broker/kill");

    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(connection, &frame, &PATIENCE);
    require(status == AMQP_STATUS_CONNECTION_CLOSED || status == AMQP_STATUS_SOCKET_ERROR);
    amqp_destroy_connection(connection);
    control("/broker/start");
    connection = open_connection();
    exchange(connection, 1, direct, "direct", PASSIVE);
    check(connection);
    publish_with(connection, 1, direct, "key", &persistent, "3");
    declare_all(connection);
    receive(connection, 1, queue, "1");
    receive(connection, 1, queue, "2");
    receive(connection, 1, queue, "3");
    delete_exchange(connection, 1, direct);
    delete_queue(connection, 1, queue);
    close_connection(connection);
}
