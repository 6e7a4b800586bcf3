/* The higher priority first, in order within one; what is above the maximum counts as it; bad maxima
   are refused. */
#include "support.h"

enum { NONE = -1 };

static void publish_ranked(Connection connection, const char *queue, const char *text, int priority) {
    amqp_basic_properties_t properties = {
        ._flags = priority == NONE ? 0 : AMQP_BASIC_PRIORITY_FLAG,
        .priority = priority,
    };
    publish_with(connection, 1, "", queue, &properties, text);
}

static void expect_ranked(Connection connection, const char *queue, const char *text, int priority) {
    Message message = receive(connection, 1, queue, text);
    bool ranked = message.properties._flags & AMQP_BASIC_PRIORITY_FLAG;
    require(ranked ? message.properties.priority == priority : priority == NONE);
}

int main(void) {
    char *queue = name("priorities");
    Connection connection = open_connection();
    declare(connection, 1, queue, EXCLUSIVE, table(int_entry("x-max-priority", 5)));
    publish_ranked(connection, queue, "none", NONE);
    publish_ranked(connection, queue, "1", 1);
    publish_ranked(connection, queue, "3", 3);
    publish_ranked(connection, queue, "5", 5);
    publish_ranked(connection, queue, "0", 0);
    publish_ranked(connection, queue, "9", 9);
    publish_ranked(connection, queue, "3 again", 3);
    expect_ranked(connection, queue, "5", 5);
    expect_ranked(connection, queue, "9", 9);
    expect_ranked(connection, queue, "3", 3);
    expect_ranked(connection, queue, "3 again", 3);
    expect_ranked(connection, queue, "1", 1);
    expect_ranked(connection, queue, "none", NONE);
    expect_ranked(connection, queue, "0", 0);

    publish_ranked(connection, queue, "low", 1);
    publish_ranked(connection, queue, "high", 4);
    publish_ranked(connection, queue, "higher", 4);
    Message message;
    for (int each = 0; each < 3; each++) require(get(connection, 1, queue, false, &message));
    require(amqp_basic_nack(connection, 1, message.tag, true, true) == AMQP_STATUS_OK);
    require(receive(connection, 1, queue, "high").redelivered);
    require(receive(connection, 1, queue, "higher").redelivered);
    require(receive(connection, 1, queue, "low").redelivered);

    refuse_argument(connection, 1, int_entry("x-max-priority", 256), "{max_value_exceeded,256}");
    refuse_argument(connection, 1, int_entry("x-max-priority", -1), "{value_negative,-1}");
    close_connection(connection);
}
