/* The next takes over when the active consumer is cancelled or its channel closed; what the former
   holds stays its own. */
#include "support.h"

enum { ACTIVE = 2, NEXT = 3 };

static uint64_t expect_on(Connection connection, amqp_channel_t channel, const char *text, bool redelivered) {
    amqp_envelope_t envelope = next(connection);
    require(envelope.channel == channel && envelope.redelivered == redelivered);
    require(same(envelope.message.body, text));
    amqp_destroy_envelope(&envelope);
    return envelope.delivery_tag;
}

int main(void) {
    char *queue = name("single");
    Connection connection = open_connection(), other = open_connection();
    declare(connection, 1, queue, AUTO_DELETE, table(bool_entry("x-single-active-consumer", true)));
    open_channel(connection, ACTIVE);
    open_channel(connection, NEXT);
    amqp_basic_qos(connection, ACTIVE, 0, 2, false);
    check(connection);
    char *active = consume(connection, ACTIVE, queue, false, amqp_empty_table);
    consume(connection, NEXT, queue, false, amqp_empty_table);
    consume(other, 1, queue, false, amqp_empty_table);
    publish(connection, 1, "", queue, "1");
    publish(connection, 1, "", queue, "2");
    uint64_t first = expect_on(connection, ACTIVE, "1", false);
    uint64_t second = expect_on(connection, ACTIVE, "2", false);
    silence(connection);

    amqp_basic_cancel(connection, ACTIVE, amqp_cstring_bytes(active));
    check(connection);
    publish(connection, 1, "", queue, "3");
    expect_on(connection, NEXT, "3", false);
    silence(connection);
    require(amqp_basic_reject(connection, ACTIVE, second, true) == AMQP_STATUS_OK);
    expect_on(connection, NEXT, "2", true);
    require(amqp_basic_ack(connection, ACTIVE, first, false) == AMQP_STATUS_OK);

    silence(other);
    close_channel(connection, NEXT);
    expect(other, "2", true);
    uint64_t last = expect(other, "3", true);
    require(amqp_basic_ack(other, 1, last, true) == AMQP_STATUS_OK);
    publish(connection, 1, "", queue, "4");
    expect(other, "4", false);

    refuse_argument(connection, 1, text_entry("x-single-active-consumer", "true"), "{unacceptable_type,longstr}");
    close_connection(connection);
    close_connection(other);
}
