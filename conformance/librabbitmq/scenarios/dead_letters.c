/* Rejected and expired messages come from the dead letter exchange and tell how they died; a work
   queue and a wait queue count the attempts. */
#include "support.h"

static void letters(Connection connection) {
    char *letters = name("dlx"), *dead = name("dead"), *dying = name("dying");
    exchange(connection, 1, letters, "topic", AUTO_DELETE);
    check(connection);
    declare(connection, 1, dead, EXCLUSIVE, amqp_empty_table);
    bind_queue(connection, 1, dead, letters, "#");
    declare(connection, 1, dying, EXCLUSIVE, table(text_entry("x-dead-letter-exchange", letters)));
    amqp_basic_properties_t mortal = {
        ._flags = AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG,
        .expiration = amqp_cstring_bytes("50"),
        .delivery_mode = 2,
    };
    publish_with(connection, 1, "", dying, &mortal, "expires");
    consume(connection, 1, dead, true, amqp_empty_table);
    amqp_envelope_t expired = next(connection);
    require(same(expired.message.body, "expires"));
    require(same(expired.exchange, letters) && same(expired.routing_key, dying));
    amqp_flags_t flags = expired.message.properties._flags;
    require(flags == (AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG));
    require(strcmp(deaths(&expired.message.properties), format("%s expired 1\n", dying)) == 0);
    amqp_destroy_envelope(&expired);

    Message message;
    publish(connection, 1, "", dying, "rejected");
    require(get(connection, 1, dying, false, &message));
    require(amqp_basic_reject(connection, 1, message.tag, false) == AMQP_STATUS_OK);
    amqp_envelope_t rejected = next(connection);
    require(strcmp(deaths(&rejected.message.properties), format("%s rejected 1\n", dying)) == 0);
    amqp_destroy_envelope(&rejected);
}

static void attempts(Connection connection) {
    char *work = name("work"), *wait = name("wait");
    declare(connection, 1, work, EXCLUSIVE,
            table(text_entry("x-dead-letter-exchange", ""), text_entry("x-dead-letter-routing-key", wait)));
    declare(connection, 1, wait, EXCLUSIVE,
            table(text_entry("x-dead-letter-exchange", ""), text_entry("x-dead-letter-routing-key", work),
                  int_entry("x-message-ttl", 50)));
    publish(connection, 1, "", work, "job");
    consume(connection, 1, work, false, amqp_empty_table);
    for (int attempt = 0; attempt < 4; attempt++) {
        amqp_envelope_t job = next(connection);
        char *expected = format("%s expired %d\n%s rejected %d\n", wait, attempt, work, attempt);
        require(strcmp(deaths(&job.message.properties), attempt ? expected : "") == 0);
        require(amqp_basic_reject(connection, 1, job.delivery_tag, false) == AMQP_STATUS_OK);
        amqp_destroy_envelope(&job);
    }
}

int main(void) {
    Connection connection = open_connection();
    letters(connection);
    attempts(connection);
    close_connection(connection);
}
