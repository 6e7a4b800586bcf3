/* Every property and header type that the client can send comes back equal. */
#include "support.h"

#define VALUE(kind, member, ...) {AMQP_FIELD_KIND_##kind, {.member = __VA_ARGS__}}
#define ENTRY(key, kind, member, ...) {amqp_cstring_bytes(key), VALUE(kind, member, __VA_ARGS__)}

static bool equal(const amqp_field_value_t *one, const amqp_field_value_t *other);

static bool equal_bytes(amqp_bytes_t one, amqp_bytes_t other) {
    return one.len == other.len && (one.len == 0 || memcmp(one.bytes, other.bytes, one.len) == 0);
}

static bool equal_tables(const amqp_table_t *one, const amqp_table_t *other) {
    if (one->num_entries != other->num_entries) return false;
    for (int entry = 0; entry < one->num_entries; entry++) {
        const amqp_field_value_t *value = field(other, copy(one->entries[entry].key));
        if (!value || !equal(&one->entries[entry].value, value)) return false;
    }
    return true;
}

static bool equal_arrays(const amqp_array_t *one, const amqp_array_t *other) {
    if (one->num_entries != other->num_entries) return false;
    for (int entry = 0; entry < one->num_entries; entry++)
        if (!equal(&one->entries[entry], &other->entries[entry])) return false;
    return true;
}

static bool equal(const amqp_field_value_t *one, const amqp_field_value_t *other) {
    if (one->kind != other->kind) return false;
    switch (one->kind) {
    case AMQP_FIELD_KIND_BOOLEAN: return one->value.boolean == other->value.boolean;
    case AMQP_FIELD_KIND_I8: return one->value.i8 == other->value.i8;
    case AMQP_FIELD_KIND_U8: return one->value.u8 == other->value.u8;
    case AMQP_FIELD_KIND_I16: return one->value.i16 == other->value.i16;
    case AMQP_FIELD_KIND_U16: return one->value.u16 == other->value.u16;
    case AMQP_FIELD_KIND_I32: return one->value.i32 == other->value.i32;
    case AMQP_FIELD_KIND_U32: return one->value.u32 == other->value.u32;
    case AMQP_FIELD_KIND_I64: return one->value.i64 == other->value.i64;
    case AMQP_FIELD_KIND_TIMESTAMP: return one->value.u64 == other->value.u64;
    case AMQP_FIELD_KIND_F32: return one->value.f32 == other->value.f32;
    case AMQP_FIELD_KIND_F64: return one->value.f64 == other->value.f64;
    case AMQP_FIELD_KIND_DECIMAL:
        return one->value.decimal.decimals == other->value.decimal.decimals &&
               one->value.decimal.value == other->value.decimal.value;
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES: return equal_bytes(one->value.bytes, other->value.bytes);
    case AMQP_FIELD_KIND_ARRAY: return equal_arrays(&one->value.array, &other->value.array);
    case AMQP_FIELD_KIND_TABLE: return equal_tables(&one->value.table, &other->value.table);
    case AMQP_FIELD_KIND_VOID: return true;
    default: return false;
    }
}

int main(void) {
    amqp_field_value_t list[] = {VALUE(UTF8, bytes, amqp_cstring_bytes("one")), VALUE(I32, i32, 2),
                                 VALUE(VOID, boolean, 0)};
    amqp_table_t deep = table(int_entry("deep", 1));
    amqp_table_entry_t nested[] = {ENTRY("inner", TABLE, table, deep),
                                   ENTRY("empty", TABLE, table, amqp_empty_table)};
    amqp_table_entry_t headers[] = {
        ENTRY("text", UTF8, bytes, amqp_cstring_bytes("grüße")),
        ENTRY("octets", BYTES, bytes, {2, "\x00\xff"}),
        ENTRY("true", BOOLEAN, boolean, 1),
        ENTRY("false", BOOLEAN, boolean, 0),
        ENTRY("i8", I8, i8, -7),
        ENTRY("u8", U8, u8, 200),
        ENTRY("i16", I16, i16, -30000),
        ENTRY("u16", U16, u16, 60000),
        ENTRY("i32", I32, i32, -70000),
        ENTRY("u32", U32, u32, 4000000000),
        ENTRY("i64", I64, i64, INT64_MIN),
        ENTRY("f32", F32, f32, 0.5f),
        ENTRY("f64", F64, f64, 0.1),
        ENTRY("decimal", DECIMAL, decimal, {2, 1234}),
        ENTRY("time", TIMESTAMP, u64, 1700000000),
        ENTRY("nothing", VOID, boolean, 0),
        ENTRY("list", ARRAY, array, {3, list}),
        ENTRY("table", TABLE, table, {2, nested}),
    };
    amqp_basic_properties_t sent = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG |
                  AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_PRIORITY_FLAG |
                  AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_REPLY_TO_FLAG |
                  AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG |
                  AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_APP_ID_FLAG | AMQP_BASIC_CLUSTER_ID_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .content_encoding = amqp_cstring_bytes("gzip"),
        .headers = {sizeof headers / sizeof headers[0], headers},
        .delivery_mode = 2,
        .priority = 5,
        .correlation_id = amqp_cstring_bytes("c-1"),
        .reply_to = amqp_cstring_bytes("somewhere"),
        .message_id = amqp_cstring_bytes("m-1"),
        .timestamp = 1700000000,
        .type = amqp_cstring_bytes("kind"),
        .user_id = amqp_cstring_bytes("guest"),
        .app_id = amqp_cstring_bytes("conformance"),
        .cluster_id = amqp_cstring_bytes("cluster"),
    };
    amqp_basic_properties_t bare = {._flags = AMQP_BASIC_HEADERS_FLAG};
    Connection connection = open_connection();
    char *queue = exclusive(connection, 1);
    publish_with(connection, 1, "", queue, &sent, "all");
    publish(connection, 1, "", queue, "none");
    publish_with(connection, 1, "", queue, &bare, "empty");
    consume(connection, 1, queue, true, amqp_empty_table);

    amqp_envelope_t every = next(connection);
    amqp_basic_properties_t *came = &every.message.properties;
    require(came->_flags == sent._flags);
    require(equal_tables(&sent.headers, &came->headers));
    require(equal_bytes(came->content_type, sent.content_type));
    require(equal_bytes(came->content_encoding, sent.content_encoding));
    require(came->delivery_mode == 2 && came->priority == 5 && came->timestamp == 1700000000);
    require(equal_bytes(came->correlation_id, sent.correlation_id));
    require(equal_bytes(came->reply_to, sent.reply_to));
    require(equal_bytes(came->message_id, sent.message_id));
    require(equal_bytes(came->type, sent.type));
    require(equal_bytes(came->user_id, sent.user_id));
    require(equal_bytes(came->app_id, sent.app_id));
    require(equal_bytes(came->cluster_id, sent.cluster_id));
    amqp_destroy_envelope(&every);

    amqp_envelope_t none = next(connection);
    require(none.message.properties._flags == 0);
    amqp_destroy_envelope(&none);
    amqp_envelope_t empty = next(connection);
    require(empty.message.properties._flags == AMQP_BASIC_HEADERS_FLAG);
    require(empty.message.properties.headers.num_entries == 0);
    amqp_destroy_envelope(&empty);
    close_connection(connection);
}
