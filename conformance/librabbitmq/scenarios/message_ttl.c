/* The lower of a queue's TTL and a message's expiration holds; x-death tells of the expiration; bad
   values are refused. */
#include "support.h"

static void publish_mortal(Connection connection, const char *queue, const char *expiration, const char *text) {
    amqp_basic_properties_t properties = {0};
    if (expiration) {
        properties._flags = AMQP_BASIC_EXPIRATION_FLAG;
        properties.expiration = amqp_cstring_bytes(expiration);
    }
    publish_with(connection, 1, "", queue, &properties, text);
}

/* Has a message die after the lower of both times, and tell of its expiration. A TTL of -1 is none. */
static void dies_after(Connection connection, int ttl, const char *expiration) {
    char *dead = name("dead"), *queue = name(format("%d.%s", ttl, expiration ? expiration : "never"));
    amqp_table_t arguments =
        table(text_entry("x-dead-letter-exchange", ""), text_entry("x-dead-letter-routing-key", dead),
              int_entry("x-message-ttl", ttl));
    if (ttl < 0) arguments.num_entries--;
    declare(connection, 1, queue, EXCLUSIVE, arguments);
    publish_mortal(connection, queue, expiration, "mortal");
    Message letter = receive(connection, 1, dead, "mortal");
    require(letter.properties._flags == AMQP_BASIC_HEADERS_FLAG);
    require(strcmp(deaths(&letter.properties), format("%s expired 1\n", queue)) == 0);
    const amqp_field_value_t *death = header(&letter.properties, "x-death")->value.array.entries;
    const amqp_field_value_t *original = field(&death->value.table, "original-expiration");
    require(expiration ? original && same(original->value.bytes, expiration) : !original);
    drain(connection, 1, queue, "");
}

int main(void) {
    char *kept = name("kept"), *instant = name("instant");
    Connection connection = open_connection();
    declare(connection, 1, name("dead"), EXCLUSIVE, amqp_empty_table);
    dies_after(connection, 150, NULL);
    dies_after(connection, -1, "150");
    dies_after(connection, 600000, "150");
    dies_after(connection, 150, "600000");
    dies_after(connection, 0, NULL);
    dies_after(connection, -1, "0");

    Message message;
    declare(connection, 1, kept, EXCLUSIVE, table(int_entry("x-message-ttl", 600000)));
    publish_mortal(connection, kept, NULL, "by queue");
    publish_mortal(connection, kept, "500000", "by both");
    require(get(connection, 1, kept, true, &message));
    require(strcmp(message.text, "by queue") == 0 && message.properties._flags == 0);
    require(get(connection, 1, kept, true, &message));
    require(strcmp(message.text, "by both") == 0 && same(message.properties.expiration, "500000"));

    declare(connection, 1, instant, EXCLUSIVE, table(int_entry("x-message-ttl", 0)));
    consume(connection, 1, instant, true, amqp_empty_table);
    publish(connection, 1, "", instant, "in time");
    expect(connection, "in time", false);

    refuse_argument(connection, 1, int_entry("x-message-ttl", -1), "{value_negative,-1}");
    refuse_argument(connection, 1, text_entry("x-message-ttl", "150"), "\"expected integer, got longstr\"");
    publish_mortal(connection, kept, "soon", "refused");
    try_declare(connection, 1, "", EXCLUSIVE, amqp_empty_table);
    refused(connection, 1, 406, "PRECONDITION_FAILED - invalid expiration 'soon': no_integer");
    close_connection(connection);
}
