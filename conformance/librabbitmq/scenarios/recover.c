/* basic.recover with requeue brings what is unacked again, as redelivered and in order. */
#include "support.h"

int main(void) {
    Connection connection = open_connection();
    open_channel(connection, 2);
    char *queue = exclusive(connection, 1);
    publish(connection, 1, "", queue, "1");
    publish(connection, 1, "", queue, "2");
    publish(connection, 1, "", queue, "3");
    consume(connection, 2, queue, false, amqp_empty_table);
    expect(connection, "1", false);
    uint64_t second = expect(connection, "2", false);
    expect(connection, "3", false);
    require(amqp_basic_ack(connection, 2, second, false) == AMQP_STATUS_OK);

    amqp_basic_recover(connection, 2, true);
    check(connection);

    expect(connection, "1", true);
    uint64_t last = expect(connection, "3", true);
    require(amqp_basic_ack(connection, 2, last, true) == AMQP_STATUS_OK);
    close_channel(connection, 2);
    require(ready(connection, 1, queue) == 0);
    close_connection(connection);
}
