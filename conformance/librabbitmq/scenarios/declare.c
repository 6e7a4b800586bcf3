/* Declaring again is no error, with other properties it is 406; passive finds, or is 404. */
#include "support.h"

int main(void) {
    char *queue = name("queue"), *topic = name("exchange");
    Connection connection = open_connection();
    open_channel(connection, 2);

    require(declare(connection, 1, queue, DURABLE, amqp_empty_table)->message_count == 0);
    amqp_confirm_select(connection, 1);
    check(connection);
    publish(connection, 1, "", queue, "kept");
    confirmed(connection, 1, 1);
    amqp_queue_declare_ok_t *again = declare(connection, 1, queue, DURABLE, amqp_empty_table);
    require(same(again->queue, queue) && again->message_count == 1 && again->consumer_count == 0);
    require(ready(connection, 1, queue) == 1);
    try_declare(connection, 2, queue, 0, amqp_empty_table);
    refused(connection, 2, 406,
            format("PRECONDITION_FAILED - inequivalent arg 'durable' for queue '%s' in vhost '/'", queue));
    try_declare(connection, 2, queue, DURABLE, table(int_entry("x-max-length", 5)));
    refused(connection, 2, 406,
            format("PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '%s' in vhost '/'", queue));

    exchange(connection, 1, topic, "topic", DURABLE);
    check(connection);
    exchange(connection, 1, topic, "topic", DURABLE);
    check(connection);
    exchange(connection, 1, topic, "topic", PASSIVE);
    check(connection);
    exchange(connection, 2, topic, "fanout", DURABLE);
    refused(connection, 2, 406,
            format("PRECONDITION_FAILED - inequivalent arg 'type' for exchange '%s' in vhost '/'", topic));
    exchange(connection, 2, "amq.mine", "fanout", 0);
    refused(connection, 2, 403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'");

    char *first = exclusive(connection, 1), *second = exclusive(connection, 1);
    require(strncmp(first, "amq.gen-", 8) == 0 && strcmp(first, second) != 0);

    delete_exchange(connection, 1, topic);
    require(delete_queue(connection, 1, queue) == 1);
    try_declare(connection, 2, queue, PASSIVE, amqp_empty_table);
    refused(connection, 2, 404, format("NOT_FOUND - no queue '%s' in vhost '/'", queue));
    exchange(connection, 2, topic, "topic", PASSIVE);
    refused(connection, 2, 404, format("NOT_FOUND - no exchange '%s' in vhost '/'", topic));
    require(delete_queue(connection, 1, queue) == 0);
    close_connection(connection);
}
