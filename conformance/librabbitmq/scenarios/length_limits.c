/* x-max-length drops the oldest; with reject-publish what has no room is nacked. */
#include "support.h"

int main(void) {
    char *ring = name("ring"), *full = name("full");
    Connection connection = open_connection();
    declare(connection, 1, ring, EXCLUSIVE, table(int_entry("x-max-length", 3)));
    for (int number = 0; number < 10; number++) publish(connection, 1, "", ring, format("%d", number));
    drain(connection, 1, ring, "7, 8, 9");

    declare(connection, 1, full, EXCLUSIVE,
            table(int_entry("x-max-length", 2), text_entry("x-overflow", "reject-publish")));
    amqp_confirm_select(connection, 1);
    check(connection);
    for (int number = 0; number < 5; number++) {
        publish(connection, 1, "", full, format("%d", number));
        await_method(connection, number < 2 ? AMQP_BASIC_ACK_METHOD : AMQP_BASIC_NACK_METHOD);
    }
    drain(connection, 1, full, "0, 1");
    publish(connection, 1, "", full, "there is room again");
    await_method(connection, AMQP_BASIC_ACK_METHOD);
    close_connection(connection);
}
