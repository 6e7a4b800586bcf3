/* x-expires removes a queue that nobody uses, without dead letters, and none that has a consumer. */
#include "support.h"

#include <time.h>
#include <unistd.h>

enum { EXPIRES = 800 };

static bool is_there(Connection connection, const char *queue) {
    if (try_declare(connection, 1, queue, PASSIVE, amqp_empty_table)) return true;
    refused(connection, 1, 404, format("NOT_FOUND - no queue '%s' in vhost '/'", queue));
    return false;
}

/* Waits until a queue is gone; to look is to use it, so this looks seldom. */
static void await_end(Connection connection, const char *queue) {
    for (time_t began = time(NULL); is_there(connection, queue); usleep(EXPIRES * 1250))
        require(time(NULL) - began < PATIENCE.tv_sec);
}

int main(void) {
    char *idle = name("idle"), *used = name("used"), *dead = name("dead");
    Connection connection = open_connection(), other = open_connection();
    amqp_table_t expiring =
        table(int_entry("x-expires", EXPIRES), text_entry("x-dead-letter-exchange", ""),
              text_entry("x-dead-letter-routing-key", dead));
    declare(connection, 1, dead, EXCLUSIVE, amqp_empty_table);
    declare(connection, 1, used, DURABLE, expiring);
    char *tag = consume(connection, 1, used, false, amqp_empty_table);
    declare(connection, 1, idle, DURABLE, expiring);
    amqp_confirm_select(connection, 1);
    check(connection);
    publish(connection, 1, "", idle, "goes with its queue");
    await_method(connection, AMQP_BASIC_ACK_METHOD);
    await_end(other, idle);
    drain(connection, 1, dead, "");
    amqp_queue_declare_ok_t *found = declare(connection, 1, used, PASSIVE, amqp_empty_table);
    require(found->message_count == 0 && found->consumer_count == 1);
    amqp_basic_cancel(connection, 1, amqp_cstring_bytes(tag));
    check(connection);
    await_end(other, used);

    refuse_argument(connection, 1, int_entry("x-expires", 0), "{value_zero,0}");
    refuse_argument(connection, 1, int_entry("x-expires", -1), "{value_negative,-1}");
    close_connection(connection);
    close_connection(other);
}
