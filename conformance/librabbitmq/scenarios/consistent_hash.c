/* x-consistent-hash by key, header and property: each message once, equal values to one queue; bad
   arguments are refused. */
#include "support.h"

enum { CUSTOMERS = 40, EACH = 2, QUEUES = 3 };

static const char *WEIGHTS[QUEUES] = {"10", "20", "10"};

static void declare_hash(Connection connection, const char *exchange, amqp_table_t arguments) {
    exchange_with(connection, 1, exchange, "x-consistent-hash", AUTO_DELETE, arguments);
}

/* Has customers share the queues by what a message says of them, or else by their key. */
static void share(Connection connection, const char *kind, bool by_key, amqp_table_t arguments) {
    char *exchange = name(kind), *queues[QUEUES];
    declare_hash(connection, exchange, arguments);
    check(connection);
    for (int each = 0; each < QUEUES; each++) {
        queues[each] = exclusive(connection, 1);
        bind_queue(connection, 1, queues[each], exchange, WEIGHTS[each]);
    }
    for (int number = 0; number < CUSTOMERS * EACH; number++) {
        char *customer = format("%d", number % CUSTOMERS);
        amqp_basic_properties_t properties = {
            ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG,
            .headers = table(text_entry("customer", customer)),
            .correlation_id = amqp_cstring_bytes(customer),
        };
        publish_with(connection, 1, exchange, by_key ? customer : "same", &properties, customer);
    }

    int messages = 0, customers = 0;
    for (int each = 0; each < QUEUES; each++) {
        bool seen[CUSTOMERS] = {false};
        Message message;
        int before = messages;
        for (; get(connection, 1, queues[each], true, &message); messages++) {
            int customer = atoi(message.text);
            customers += !seen[customer];
            seen[customer] = true;
        }
        require(messages > before);
    }
    require(messages == CUSTOMERS * EACH);
    require(customers == CUSTOMERS);
}

int main(void) {
    Connection connection = open_connection();
    share(connection, "key", true, amqp_empty_table);
    share(connection, "header", false, table(text_entry("hash-header", "customer")));
    share(connection, "property", false, table(text_entry("hash-property", "correlation_id")));

    char *wrong = name("wrong"), *queue = exclusive(connection, 1);
    declare_hash(connection, wrong, amqp_empty_table);
    check(connection);
    amqp_queue_bind(connection, 1, amqp_cstring_bytes(queue), amqp_cstring_bytes(wrong), amqp_cstring_bytes("0"),
                    amqp_empty_table);
    refused(connection, 1, 406, "PRECONDITION_FAILED - The binding key must be greater than 0");
    declare_hash(connection, name("both"),
                 table(text_entry("hash-header", "a"), text_entry("hash-property", "message_id")));
    refused(connection, 1, 406, "PRECONDITION_FAILED - hash-header and hash-property are mutually exclusive");
    delete_exchange(connection, 1, wrong);
    close_connection(connection);
}
