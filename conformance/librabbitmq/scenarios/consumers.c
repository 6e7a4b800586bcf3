/* The highest x-priority is served until it is full; a single active consumer has a successor. */
#include "support.h"

static uint64_t expect_for(Connection connection, const char *text, const char *tag) {
    amqp_envelope_t envelope = next(connection);
    require(same(envelope.message.body, text) && same(envelope.consumer_tag, tag));
    amqp_destroy_envelope(&envelope);
    return envelope.delivery_tag;
}

int main(void) {
    Connection connection = open_connection();
    char *queue = exclusive(connection, 1);
    amqp_basic_qos(connection, 1, 0, 1, false);
    check(connection);
    char *low = consume(connection, 1, queue, false, table(int_entry("x-priority", -1)));
    char *high = consume(connection, 1, queue, false, table(int_entry("x-priority", 10)));
    publish(connection, 1, "", queue, "1");
    publish(connection, 1, "", queue, "2");
    publish(connection, 1, "", queue, "3");
    uint64_t first = expect_for(connection, "1", high);
    expect_for(connection, "2", low);
    silence(connection);
    require(amqp_basic_ack(connection, 1, first, false) == AMQP_STATUS_OK);
    expect_for(connection, "3", high);

    queue = name("single");
    open_channel(connection, 2);
    open_channel(connection, 3);
    declare(connection, 2, queue, EXCLUSIVE, table(bool_entry("x-single-active-consumer", true)));
    consume(connection, 2, queue, false, amqp_empty_table);
    consume(connection, 3, queue, false, amqp_empty_table);
    publish(connection, 2, "", queue, "1");
    publish(connection, 2, "", queue, "2");
    for (int each = 0; each < 2; each++) {
        amqp_envelope_t envelope = next(connection);
        require(envelope.channel == 2 && !envelope.redelivered);
        amqp_destroy_envelope(&envelope);
    }
    silence(connection);
    close_channel(connection, 2);
    expect(connection, "1", true);
    expect(connection, "2", true);
    open_channel(connection, 2);
    amqp_basic_consume(connection, 2, amqp_cstring_bytes(queue), amqp_empty_bytes, false, false, true,
                       amqp_empty_table);
    refused(connection, 2, 403, "ACCESS_REFUSED");
    close_connection(connection);
}
