/* CC and BCC are further routing keys; no copy shows BCC; other types than arrays are refused. */
#include "support.h"

#define KEYS(...) ((amqp_field_value_t[]){__VA_ARGS__})
#define keys(...) \
    ((amqp_array_t){sizeof KEYS(__VA_ARGS__) / sizeof(amqp_field_value_t), KEYS(__VA_ARGS__)})

static amqp_field_value_t key(const char *text) {
    return text_entry("", text).value;
}

static amqp_table_entry_t list(const char *header, amqp_array_t keys) {
    return (amqp_table_entry_t){amqp_cstring_bytes(header), {AMQP_FIELD_KIND_ARRAY, {.array = keys}}};
}

static void send(Connection connection, const char *exchange, const char *key, amqp_table_t headers,
                 const char *text) {
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = headers};
    publish_with(connection, 1, exchange, key, &properties, text);
}

/* Has a queue get one copy with the key that the message was published with, its CC and no BCC. */
static void expect_copy(Connection connection, const char *queue, const char *key, amqp_array_t cc,
                        const char *text) {
    Message copy = receive(connection, 1, queue, text);
    require(strcmp(copy.key, key) == 0);
    require(!header(&copy.properties, "BCC"));
    const amqp_field_value_t *shown = header(&copy.properties, "CC");
    require(shown && shown->kind == AMQP_FIELD_KIND_ARRAY);
    require(shown->value.array.num_entries == cc.num_entries);
    for (int each = 0; each < cc.num_entries; each++) {
        amqp_bytes_t is = shown->value.array.entries[each].value.bytes;
        amqp_bytes_t expected = cc.entries[each].value.bytes;
        require(is.len == expected.len && memcmp(is.bytes, expected.bytes, is.len) == 0);
    }
    drain(connection, 1, queue, "");
}

int main(void) {
    char *exchanged = name("keys"), *queues[] = {name("a"), name("b"), name("c")};
    Connection connection = open_connection();
    exchange(connection, 1, exchanged, "direct", AUTO_DELETE);
    check(connection);
    for (int each = 0; each < 3; each++) {
        declare(connection, 1, queues[each], EXCLUSIVE, amqp_empty_table);
        bind_queue(connection, 1, queues[each], exchanged, (const char *[]){"a", "b", "c"}[each]);
    }

    amqp_array_t cc = keys(key("b"), key("a")), bcc = keys(key("c"));
    send(connection, exchanged, "a", table(list("CC", cc), list("BCC", bcc)), "to all");
    for (int each = 0; each < 3; each++) expect_copy(connection, queues[each], "a", cc, "to all");

    send(connection, exchanged, "nowhere", table(list("CC", bcc)), "a copy");
    expect_copy(connection, queues[2], "nowhere", bcc, "a copy");
    drain(connection, 1, queues[0], "");
    drain(connection, 1, queues[1], "");

    cc = keys(key(queues[1]), key(name("nowhere")));
    bcc = keys(key(queues[2]));
    send(connection, "", queues[0], table(list("CC", cc), list("BCC", bcc)), "by default");
    for (int each = 0; each < 3; each++) expect_copy(connection, queues[each], queues[0], cc, "by default");

    for (int each = 0; each < 2; each++) {
        const char *header = each ? "BCC" : "CC";
        send(connection, exchanged, "a", table(text_entry(header, "b")), "refused");
        try_declare(connection, 1, "", EXCLUSIVE, amqp_empty_table);
        const char *refusal = "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,\"%s\",longstr}";
        refused(connection, 1, 406, format(refusal, header));
    }
    close_connection(connection);
}
