/* An exclusive queue is locked to others and goes with its connection; what is auto-delete goes
   with its last consumer or binding. */
#include "support.h"

#include <time.h>
#include <unistd.h>

/* Whether the last call, a passive declaration on channel 2, found what it names. */
static bool found(Connection connection) {
    if (amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL) return true;
    refused(connection, 2, 404, "NOT_FOUND");
    return false;
}

static bool queue_is_there(Connection connection, const char *queue) {
    try_declare(connection, 2, queue, PASSIVE, amqp_empty_table);
    return found(connection);
}

static bool exchange_is_there(Connection connection, const char *name) {
    exchange(connection, 2, name, "fanout", PASSIVE);
    return found(connection);
}

static void await_end(Connection connection, const char *queue) {
    for (time_t began = time(NULL); queue_is_there(connection, queue); usleep(20000))
        require(time(NULL) - began < PATIENCE.tv_sec);
}

static void cancel(Connection connection, const char *tag) {
    amqp_basic_cancel(connection, 1, amqp_cstring_bytes(tag));
    check(connection);
}

static void exclusive_queue(Connection other) {
    char *queue = name("exclusive");
    Connection owner = open_connection();
    declare(owner, 1, queue, EXCLUSIVE, amqp_empty_table);
    char *text = format(
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '%s' in vhost '/'", queue);
    try_declare(other, 2, queue, PASSIVE, amqp_empty_table);
    refused(other, 2, 405, text);
    amqp_basic_consume(other, 2, amqp_cstring_bytes(queue), amqp_empty_bytes, false, false, false,
                       amqp_empty_table);
    refused(other, 2, 405, text);
    amqp_queue_delete(other, 2, amqp_cstring_bytes(queue), false, false);
    refused(other, 2, 405, text);
    close_connection(owner);
    await_end(other, queue);
}

static void auto_delete_queue(Connection connection) {
    char *queue = name("auto-delete");
    declare(connection, 1, queue, AUTO_DELETE, amqp_empty_table);
    char *first = consume(connection, 1, queue, false, amqp_empty_table);
    char *second = consume(connection, 1, queue, false, amqp_empty_table);
    cancel(connection, first);
    require(queue_is_there(connection, queue));
    cancel(connection, second);
    require(!queue_is_there(connection, queue));

    declare(connection, 1, queue, AUTO_DELETE, amqp_empty_table);
    consume(connection, 1, queue, false, amqp_empty_table);
    close_channel(connection, 1);
    await_end(connection, queue);
    open_channel(connection, 1);
}

static void auto_delete_exchange(Connection connection) {
    char *fanout = name("exchange");
    exchange(connection, 1, fanout, "fanout", AUTO_DELETE);
    check(connection);
    char *first = exclusive(connection, 1), *second = exclusive(connection, 1);
    bind_queue(connection, 1, first, fanout, "");
    bind_queue(connection, 1, second, fanout, "");
    amqp_queue_unbind(connection, 1, amqp_cstring_bytes(first), amqp_cstring_bytes(fanout),
                      amqp_empty_bytes, amqp_empty_table);
    check(connection);
    require(exchange_is_there(connection, fanout));
    delete_queue(connection, 1, second);
    require(!exchange_is_there(connection, fanout));
}

int main(void) {
    Connection connection = open_connection();
    open_channel(connection, 2);
    exclusive_queue(connection);
    auto_delete_queue(connection);
    auto_delete_exchange(connection);
    close_connection(connection);
}
