/* Tutorial 2: acknowledged tasks, fair dispatch, redelivery after a dropped worker. */
#include "support.h"

static char *queue;

/* A worker consumes with prefetch 1 and acknowledges only when told to. */
static Connection worker(void) {
    Connection connection = open_connection();
    declare(connection, 1, queue, DURABLE, amqp_empty_table);
    amqp_basic_qos(connection, 1, 0, 1, false);
    check(connection);
    consume(connection, 1, queue, false, amqp_empty_table);
    return connection;
}

int main(void) {
    queue = name("task_queue");
    amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
    Connection boss = open_connection();
    declare(boss, 1, queue, DURABLE, amqp_empty_table);

    Connection dropped = worker(), survivor = worker();
    publish_with(boss, 1, "", queue, &persistent, "dangerous");
    expect(dropped, "dangerous", false);
    close_connection(dropped);
    uint64_t held = expect(survivor, "dangerous", true);

    Connection other = worker();
    for (int number = 0; number < 4; number++)
        publish_with(boss, 1, "", queue, &persistent, format("quick %d", number));
    for (int number = 0; number < 4; number++) {
        uint64_t task = expect(other, format("quick %d", number), false);
        require(amqp_basic_ack(other, 1, task, false) == AMQP_STATUS_OK);
    }

    require(amqp_basic_ack(survivor, 1, held, false) == AMQP_STATUS_OK);
    close_connection(survivor);
    close_connection(other);
    require(delete_queue(boss, 1, queue) == 0);
    close_connection(boss);
}
