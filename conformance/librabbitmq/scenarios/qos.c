/* Prefetch bounds unacknowledged deliveries, per consumer and for the channel. */
#include "support.h"

static char *filled(Connection connection, amqp_channel_t channel) {
    open_channel(connection, channel);
    char *queue = exclusive(connection, channel);
    for (int number = 0; number < 10; number++)
        publish(connection, channel, "", queue, format("%d", number));
    return queue;
}

/* Waits for as many deliveries and sees that no more follow; the last one's tag. */
static uint64_t take(Connection connection, int count) {
    uint64_t tag = 0;
    while (count-- > 0) {
        amqp_envelope_t envelope = next(connection);
        tag = envelope.delivery_tag;
        amqp_destroy_envelope(&envelope);
    }
    silence(connection);
    return tag;
}

int main(void) {
    Connection connection = open_connection();
    char *queue = filled(connection, 2);
    amqp_basic_qos(connection, 2, 0, 2, false);
    check(connection);
    consume(connection, 2, queue, false, amqp_empty_table);
    uint64_t tag = take(connection, 2);
    require(amqp_basic_ack(connection, 2, tag - 1, false) == AMQP_STATUS_OK);
    tag = take(connection, 1);
    require(amqp_basic_ack(connection, 2, tag, true) == AMQP_STATUS_OK);
    take(connection, 2);
    consume(connection, 2, queue, false, amqp_empty_table);
    take(connection, 2);
    close_channel(connection, 2);

    queue = filled(connection, 3);
    amqp_basic_qos(connection, 3, 0, 3, true);
    check(connection);
    consume(connection, 3, queue, false, amqp_empty_table);
    consume(connection, 3, queue, false, amqp_empty_table);
    tag = take(connection, 3);
    require(amqp_basic_ack(connection, 3, tag, true) == AMQP_STATUS_OK);
    take(connection, 3);
    close_connection(connection);
}
