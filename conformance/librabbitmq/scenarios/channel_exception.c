/* 404 closes the channel; the connection and its other channels go on. */
#include "support.h"

int main(void) {
    char *missing = name("missing");
    Connection connection = open_connection();
    open_channel(connection, 2);
    char *queue = exclusive(connection, 1);

    try_declare(connection, 2, missing, PASSIVE, amqp_empty_table);
    refused(connection, 2, 404, format("NOT_FOUND - no queue '%s' in vhost '/'", missing));
    publish(connection, 2, missing, "", "lost");
    amqp_basic_qos(connection, 2, 0, 1, false);
    refused(connection, 2, 404, format("NOT_FOUND - no exchange '%s' in vhost '/'", missing));

    publish(connection, 1, "", queue, "still here");
    receive(connection, 1, queue, "still here");
    close_channel(connection, 2);
    close_connection(connection);
}
