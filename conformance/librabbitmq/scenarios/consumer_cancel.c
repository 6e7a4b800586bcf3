/* A consumer is told when its queue is deleted, and the channel goes on. */
#include "support.h"

int main(void) {
    char *queue = name("doomed");
    Connection connection = open_connection();
    open_channel(connection, 2);
    declare(connection, 1, queue, 0, amqp_empty_table);
    char *tag = consume(connection, 1, queue, true, amqp_empty_table);
    publish(connection, 1, "", queue, "before");
    expect(connection, "before", false);

    delete_queue(connection, 2, queue);

    amqp_basic_cancel_t *cancel = await_method(connection, AMQP_BASIC_CANCEL_METHOD).decoded;
    require(same(cancel->consumer_tag, tag));
    queue = exclusive(connection, 1);
    publish(connection, 1, "", queue, "after");
    receive(connection, 1, queue, "after");
    close_connection(connection);
}
