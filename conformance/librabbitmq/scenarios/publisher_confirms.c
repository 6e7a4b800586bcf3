/* Each publish is confirmed, awaited one by one and in a batch; the queue then holds them all. */
#include "support.h"

int main(void) {
    char *queue = name("confirms");
    amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
    Connection connection = open_connection();
    declare(connection, 1, queue, DURABLE, amqp_empty_table);
    amqp_confirm_select(connection, 1);
    check(connection);

    for (uint64_t number = 1; number <= 20; number++) {
        publish_with(connection, 1, "", queue, &persistent, "one by one");
        amqp_basic_ack_t *ack = await_method(connection, AMQP_BASIC_ACK_METHOD).decoded;
        require(ack->delivery_tag == number);
    }
    require(ready(connection, 1, queue) == 20);

    open_channel(connection, 2);
    amqp_confirm_select(connection, 2);
    check(connection);
    for (int number = 0; number < 500; number++)
        publish_with(connection, 2, "", queue, &persistent, "in a batch");
    confirmed(connection, 2, 500);
    require(ready(connection, 1, queue) == 520);

    publish(connection, 1, "", name("nowhere"), "dropped");
    amqp_basic_ack_t *ack = await_method(connection, AMQP_BASIC_ACK_METHOD).decoded;
    require(ack->delivery_tag == 21);
    require(delete_queue(connection, 1, queue) == 520);
    close_connection(connection);
}
