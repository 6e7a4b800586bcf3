/* Tutorial 3: a fanout exchange copies to each exclusive queue, which goes with its connection. */
#include "support.h"

static char *logs;

static char *subscribe(Connection connection) {
    exchange(connection, 1, logs, "fanout", 0);
    check(connection);
    char *queue = exclusive(connection, 1);
    require(strncmp(queue, "amq.gen-", 8) == 0);
    bind_queue(connection, 1, queue, logs, "");
    consume(connection, 1, queue, true, amqp_empty_table);
    return queue;
}

int main(void) {
    logs = name("logs");
    Connection publisher = open_connection();
    exchange(publisher, 1, logs, "fanout", 0);
    check(publisher);
    publish(publisher, 1, logs, "", "nobody listens");

    Connection subscribers[] = {open_connection(), open_connection()};
    char *queue = subscribe(subscribers[0]);
    subscribe(subscribers[1]);
    publish(publisher, 1, logs, "ignored", "info: one");
    publish(publisher, 1, logs, "ignored", "info: two");
    for (int each = 0; each < 2; each++) {
        expect(subscribers[each], "info: one", false);
        expect(subscribers[each], "info: two", false);
    }

    try_declare(publisher, 1, queue, PASSIVE, amqp_empty_table);
    refused(publisher, 1, 405, "RESOURCE_LOCKED");
    close_connection(subscribers[0]);
    close_connection(subscribers[1]);
    try_declare(publisher, 1, queue, PASSIVE, amqp_empty_table);
    refused(publisher, 1, 404, "NOT_FOUND");
    delete_exchange(publisher, 1, logs);
    close_connection(publisher);
}
