/* A headers exchange routes by all or any of a binding's headers. */
#include "support.h"

static Connection connection;
static char *headers;

static char *bound(const char *match) {
    char *queue = exclusive(connection, 1);
    amqp_queue_bind(connection, 1, amqp_cstring_bytes(queue), amqp_cstring_bytes(headers),
                    amqp_cstring_bytes("ignored"),
                    table(text_entry("x-match", match), text_entry("format", "pdf"), int_entry("pages", 2)));
    check(connection);
    return queue;
}

static void publish_headers(const char *text, amqp_table_t fields) {
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = fields};
    publish_with(connection, 1, headers, "", &properties, text);
}

int main(void) {
    connection = open_connection();
    headers = name("headers");
    exchange(connection, 1, headers, "headers", AUTO_DELETE);
    check(connection);
    char *all = bound("all"), *any = bound("any");
    amqp_confirm_select(connection, 1);
    check(connection);

    publish_headers("both", table(text_entry("format", "pdf"), int_entry("pages", 2), int_entry("x", 1)));
    publish_headers("one", table(text_entry("format", "pdf"), int_entry("pages", 3)));
    publish_headers("none", table(text_entry("format", "PDF")));
    publish(connection, 1, headers, "", "bare");
    confirmed(connection, 1, 4);

    receive(connection, 1, all, "both");
    receive(connection, 1, any, "both");
    receive(connection, 1, any, "one");
    require(ready(connection, 1, all) == 0 && ready(connection, 1, any) == 0);

    amqp_queue_bind(connection, 1, amqp_cstring_bytes(all), amqp_cstring_bytes(headers), amqp_empty_bytes,
                    table(text_entry("x-match", "some")));
    refused(connection, 1, 406, "PRECONDITION_FAILED - Invalid x-match field value");
    close_connection(connection);
}
