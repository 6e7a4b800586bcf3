/* What an exchange cannot route goes to its alternate, and on to that one's, with its exchange and key. */
#include "support.h"

static void declare_with(Connection connection, const char *exchange, const char *type, const char *alternate) {
    exchange_with(connection, 1, exchange, type, 0, table(text_entry("alternate-exchange", alternate)));
}

static void expect_routed(Connection connection, const char *queue, const char *exchange, const char *key) {
    Message message = receive(connection, 1, queue, key);
    require(strcmp(message.exchange, exchange) == 0 && strcmp(message.key, key) == 0);
    drain(connection, 1, queue, "");
}

int main(void) {
    char *first = name("main"), *second = name("second"), *last = name("last");
    char *bound = name("bound"), *caught = name("caught"), *rest = name("rest");
    Connection connection = open_connection();
    declare(connection, 1, bound, EXCLUSIVE, amqp_empty_table);
    declare(connection, 1, caught, EXCLUSIVE, amqp_empty_table);
    declare(connection, 1, rest, EXCLUSIVE, amqp_empty_table);
    exchange(connection, 1, last, "fanout", 0);
    check(connection);
    declare_with(connection, second, "topic", last);
    check(connection);
    declare_with(connection, first, "direct", second);
    check(connection);
    bind_queue(connection, 1, bound, first, "bound");
    bind_queue(connection, 1, caught, second, "caught.*");
    bind_queue(connection, 1, rest, last, "");

    publish(connection, 1, first, "bound", "bound");
    publish(connection, 1, first, "caught.here", "caught.here");
    publish(connection, 1, first, "anything", "anything");
    expect_routed(connection, bound, first, "bound");
    expect_routed(connection, caught, first, "caught.here");
    expect_routed(connection, rest, first, "anything");

    amqp_confirm_select(connection, 1);
    check(connection);
    require(amqp_basic_publish(connection, 1, amqp_cstring_bytes(first), amqp_cstring_bytes("anything"), true,
                               false, NULL, amqp_cstring_bytes("not returned")) == AMQP_STATUS_OK);
    await_method(connection, AMQP_BASIC_ACK_METHOD);
    drain(connection, 1, rest, "not returned");

    declare_with(connection, first, "direct", last);
    const char *refusal = "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '%s' in "
                          "vhost '/': received '%s'";
    refused(connection, 1, 406, format(refusal, first, last));
    delete_exchange(connection, 1, first);
    delete_exchange(connection, 1, second);
    delete_exchange(connection, 1, last);
    close_connection(connection);
}
