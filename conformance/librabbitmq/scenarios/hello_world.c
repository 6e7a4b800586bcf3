/* Tutorial 1: a message through the default exchange reaches a consumer. */
#include "support.h"

int main(void) {
    char *queue = name("hello");
    Connection sender = open_connection();
    declare(sender, 1, queue, 0, amqp_empty_table);
    publish(sender, 1, "", queue, "Hello World!");
    close_connection(sender);

    Connection receiver = open_connection();
    declare(receiver, 1, queue, 0, amqp_empty_table);
    consume(receiver, 1, queue, true, amqp_empty_table);
    expect(receiver, "Hello World!", false);
    delete_queue(receiver, 1, queue);
    close_connection(receiver);
}
