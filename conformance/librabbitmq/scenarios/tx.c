/* Publishes and acks wait for commit; rollback undoes them. */
#include "support.h"

static char *queue;

static void open_transactional(Connection connection) {
    open_channel(connection, 2);
    amqp_tx_select(connection, 2);
    check(connection);
}

static void commit(Connection connection) {
    amqp_tx_commit(connection, 2);
    check(connection);
}

static void roll_back(Connection connection) {
    amqp_tx_rollback(connection, 2);
    check(connection);
}

static void take(Connection connection) {
    Message message;
    require(get(connection, 2, queue, false, &message));
    require(amqp_basic_ack(connection, 2, message.tag, false) == AMQP_STATUS_OK);
}

int main(void) {
    queue = name("tx");
    Connection connection = open_connection();
    declare(connection, 1, queue, 0, amqp_empty_table);
    open_transactional(connection);
    publish(connection, 2, "", queue, "undone");
    roll_back(connection);
    require(ready(connection, 1, queue) == 0);

    publish(connection, 2, "", queue, "done");
    require(ready(connection, 1, queue) == 0);
    commit(connection);
    require(ready(connection, 1, queue) == 1);

    take(connection);
    roll_back(connection);
    close_channel(connection, 2);
    require(ready(connection, 1, queue) == 1);

    open_transactional(connection);
    take(connection);
    commit(connection);
    close_channel(connection, 2);
    require(delete_queue(connection, 1, queue) == 0);
    close_connection(connection);
}
