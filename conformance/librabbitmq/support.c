#include "support.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static amqp_bytes_t bytes(const char *text) {
    return amqp_cstring_bytes(text);
}

void fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    exit(1);
}

char *format(const char *pattern, ...) {
    va_list values;
    char *text;
    va_start(values, pattern);
    require(vasprintf(&text, pattern, values) >= 0);
    va_end(values);
    return text;
}

static const char *environment(const char *variable) {
    const char *value = getenv(variable);
    require(value != NULL);
    return value;
}

char *name(const char *suffix) {
    return format("%s.%s", environment("CONFORMANCE_PREFIX"), suffix);
}

char *copy(amqp_bytes_t from) {
    return format("%.*s", (int)from.len, (char *)from.bytes);
}

bool same(amqp_bytes_t is, const char *text) {
    return is.len == strlen(text) && memcmp(is.bytes, text, is.len) == 0;
}

bool starts(amqp_bytes_t is, const char *text) {
    return is.len >= strlen(text) && memcmp(is.bytes, text, strlen(text)) == 0;
}

/* Shows what a call ended in, unless it was success. */
static void succeeded(amqp_rpc_reply_t reply) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        fprintf(stderr, "%s\n", amqp_error_string2(reply.library_error));
    } else if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        amqp_channel_close_t *close = reply.reply.decoded;
        fprintf(stderr, "%d %s\n", close->reply_code, copy(close->reply_text));
    } else if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_t *close = reply.reply.decoded;
        fprintf(stderr, "%d %s\n", close->reply_code, copy(close->reply_text));
    }
    abort();
}

amqp_rpc_reply_t log_in(Connection *connection, const char *vhost, const char *password, int heartbeat) {
    struct amqp_connection_info broker;
    require(amqp_parse_url(strdup(environment("AMQP_URI")), &broker) == AMQP_STATUS_OK);
    *connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(*connection);
    require(socket != NULL);
    require(amqp_socket_open(socket, broker.host, broker.port) == AMQP_STATUS_OK);
    amqp_table_t capabilities =
        table(bool_entry("consumer_cancel_notify", true), bool_entry("connection.blocked", true));
    amqp_table_t properties =
        table({bytes("capabilities"), {AMQP_FIELD_KIND_TABLE, {.table = capabilities}}});
    return amqp_login_with_properties(*connection, vhost, 0, AMQP_DEFAULT_FRAME_SIZE, heartbeat,
                                      &properties, AMQP_SASL_METHOD_PLAIN, broker.user, password);
}

Connection open_with_heartbeat(int seconds) {
    Connection connection;
    succeeded(log_in(&connection, "/", "guest", seconds));
    open_channel(connection, 1);
    return connection;
}

Connection open_connection(void) {
    return open_with_heartbeat(0);
}

void close_connection(Connection connection) {
    succeeded(amqp_connection_close(connection, AMQP_REPLY_SUCCESS));
    require(amqp_destroy_connection(connection) == AMQP_STATUS_OK);
}

void open_channel(Connection connection, amqp_channel_t channel) {
    amqp_channel_open(connection, channel);
    check(connection);
}

void close_channel(Connection connection, amqp_channel_t channel) {
    succeeded(amqp_channel_close(connection, channel, AMQP_REPLY_SUCCESS));
}

void check(Connection connection) {
    succeeded(amqp_get_rpc_reply(connection));
}

void refused(Connection connection, amqp_channel_t channel, int code, const char *text) {
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
    require(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION);
    require(reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD);
    amqp_channel_close_t *close = reply.reply.decoded;
    if (close->reply_code != code || !starts(close->reply_text, text)) {
        fprintf(stderr, "%d %s, not %s\n", close->reply_code, copy(close->reply_text), text);
        exit(1);
    }
    amqp_channel_close_ok_t ok;
    require(amqp_send_method(connection, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok) == AMQP_STATUS_OK);
    open_channel(connection, channel);
}

void refuse_argument(Connection connection, amqp_channel_t channel, amqp_table_entry_t argument,
                     const char *why) {
    char *queue = name("refused");
    try_declare(connection, channel, queue, 0, table(argument));
    refused(connection, channel, 406,
            format("PRECONDITION_FAILED - invalid arg '%s' for queue '%s' in vhost '/': %s",
                   copy(argument.key), queue, why));
}

amqp_queue_declare_ok_t *try_declare(Connection connection, amqp_channel_t channel, const char *queue,
                                     int flags, amqp_table_t arguments) {
    return amqp_queue_declare(connection, channel, bytes(queue), (flags & PASSIVE) != 0,
                              (flags & DURABLE) != 0, (flags & EXCLUSIVE) != 0,
                              (flags & AUTO_DELETE) != 0, arguments);
}

amqp_queue_declare_ok_t *declare(Connection connection, amqp_channel_t channel, const char *queue,
                                 int flags, amqp_table_t arguments) {
    amqp_queue_declare_ok_t *ok = try_declare(connection, channel, queue, flags, arguments);
    check(connection);
    return ok;
}

char *exclusive(Connection connection, amqp_channel_t channel) {
    return copy(declare(connection, channel, "", EXCLUSIVE, amqp_empty_table)->queue);
}

void exchange(Connection connection, amqp_channel_t channel, const char *exchange, const char *type,
              int flags) {
    exchange_with(connection, channel, exchange, type, flags, amqp_empty_table);
}

void exchange_with(Connection connection, amqp_channel_t channel, const char *exchange, const char *type,
                   int flags, amqp_table_t arguments) {
    amqp_exchange_declare(connection, channel, bytes(exchange), bytes(type), (flags & PASSIVE) != 0,
                          (flags & DURABLE) != 0, (flags & AUTO_DELETE) != 0, false, arguments);
}

void bind_queue(Connection connection, amqp_channel_t channel, const char *queue, const char *exchange,
          const char *key) {
    amqp_queue_bind(connection, channel, bytes(queue), bytes(exchange), bytes(key), amqp_empty_table);
    check(connection);
}

unsigned ready(Connection connection, amqp_channel_t channel, const char *queue) {
    return declare(connection, channel, queue, PASSIVE, amqp_empty_table)->message_count;
}

unsigned delete_queue(Connection connection, amqp_channel_t channel, const char *queue) {
    amqp_queue_delete_ok_t *ok = amqp_queue_delete(connection, channel, bytes(queue), false, false);
    check(connection);
    return ok->message_count;
}

void delete_exchange(Connection connection, amqp_channel_t channel, const char *exchange) {
    amqp_exchange_delete(connection, channel, bytes(exchange), false);
    check(connection);
}

void publish(Connection connection, amqp_channel_t channel, const char *exchange, const char *key,
             const char *text) {
    publish_with(connection, channel, exchange, key, NULL, text);
}

void publish_with(Connection connection, amqp_channel_t channel, const char *exchange, const char *key,
                  const amqp_basic_properties_t *properties, const char *text) {
    require(amqp_basic_publish(connection, channel, bytes(exchange), bytes(key), false, false,
                               properties, bytes(text)) == AMQP_STATUS_OK);
}

void confirmed(Connection connection, amqp_channel_t channel, uint64_t last) {
    static bool acked[1024];
    memset(acked, false, sizeof acked);
    for (uint64_t first = 1; first <= last;) {
        amqp_frame_t frame;
        require(amqp_simple_wait_frame_noblock(connection, &frame, &PATIENCE) == AMQP_STATUS_OK);
        require(frame.channel == channel && frame.frame_type == AMQP_FRAME_METHOD);
        require(frame.payload.method.id == AMQP_BASIC_ACK_METHOD);
        amqp_basic_ack_t *ack = frame.payload.method.decoded;
        require(ack->delivery_tag <= last && last < sizeof acked);
        for (uint64_t tag = ack->multiple ? first : ack->delivery_tag; tag <= ack->delivery_tag; tag++)
            acked[tag] = true;
        while (first <= last && acked[first]) first++;
    }
}

char *consume(Connection connection, amqp_channel_t channel, const char *queue, bool no_ack,
              amqp_table_t arguments) {
    amqp_basic_consume_ok_t *ok = amqp_basic_consume(connection, channel, bytes(queue), amqp_empty_bytes,
                                                     false, no_ack, false, arguments);
    check(connection);
    return copy(ok->consumer_tag);
}

amqp_envelope_t next(Connection connection) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    succeeded(amqp_consume_message(connection, &envelope, &PATIENCE, 0));
    return envelope;
}

uint64_t expect(Connection connection, const char *text, bool redelivered) {
    amqp_envelope_t envelope = next(connection);
    if (!same(envelope.message.body, text) || envelope.redelivered != redelivered) {
        fprintf(stderr, "%s (%d) came, not %s\n", copy(envelope.message.body), envelope.redelivered, text);
        exit(1);
    }
    amqp_destroy_envelope(&envelope);
    return envelope.delivery_tag;
}

void silence(Connection connection) {
    amqp_frame_t frame;
    require(amqp_simple_wait_frame_noblock(connection, &frame, &QUIET) == AMQP_STATUS_TIMEOUT);
}

Message receive(Connection connection, amqp_channel_t channel, const char *queue, const char *text) {
    Message message;
    for (time_t began = time(NULL); !get(connection, channel, queue, true, &message); usleep(20000))
        require(time(NULL) - began < PATIENCE.tv_sec);
    if (strcmp(message.text, text) != 0) {
        fprintf(stderr, "%s came, not %s\n", message.text, text);
        exit(1);
    }
    return message;
}

void drain(Connection connection, amqp_channel_t channel, const char *queue, const char *texts) {
    Message message;
    char *came = "";
    while (get(connection, channel, queue, true, &message))
        came = format("%s%s%s", came, *came ? ", " : "", message.text);
    if (strcmp(came, texts) != 0) {
        fprintf(stderr, "%s came, not %s\n", came, texts);
        exit(1);
    }
}

bool get(Connection connection, amqp_channel_t channel, const char *queue, bool no_ack, Message *got) {
    amqp_rpc_reply_t reply = amqp_basic_get(connection, channel, bytes(queue), no_ack);
    succeeded(reply);
    if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) return false;
    amqp_basic_get_ok_t *ok = reply.reply.decoded;
    *got = (Message){.tag = ok->delivery_tag,
                     .redelivered = ok->redelivered,
                     .left = ok->message_count,
                     .exchange = copy(ok->exchange),
                     .key = copy(ok->routing_key)};
    amqp_message_t message;
    succeeded(amqp_read_message(connection, channel, &message, 0));
    got->text = copy(message.body);
    got->properties = message.properties;
    return true;
}

amqp_method_t await_method(Connection connection, amqp_method_number_t id) {
    amqp_frame_t frame;
    require(amqp_simple_wait_frame_noblock(connection, &frame, &PATIENCE) == AMQP_STATUS_OK);
    require(frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == id);
    return frame.payload.method;
}

amqp_table_entry_t text_entry(const char *key, const char *text) {
    return (amqp_table_entry_t){bytes(key), {AMQP_FIELD_KIND_UTF8, {.bytes = bytes(text)}}};
}

amqp_table_entry_t int_entry(const char *key, int32_t number) {
    return (amqp_table_entry_t){bytes(key), {AMQP_FIELD_KIND_I32, {.i32 = number}}};
}

amqp_table_entry_t bool_entry(const char *key, bool value) {
    return (amqp_table_entry_t){bytes(key), {AMQP_FIELD_KIND_BOOLEAN, {.boolean = value}}};
}

const amqp_field_value_t *field(const amqp_table_t *table, const char *key) {
    for (int entry = 0; entry < table->num_entries; entry++)
        if (same(table->entries[entry].key, key)) return &table->entries[entry].value;
    return NULL;
}

const amqp_field_value_t *header(const amqp_basic_properties_t *properties, const char *key) {
    return properties->_flags & AMQP_BASIC_HEADERS_FLAG ? field(&properties->headers, key) : NULL;
}

char *deaths(const amqp_basic_properties_t *properties) {
    char *told = "";
    const amqp_field_value_t *deaths = header(properties, "x-death");
    if (!deaths) return told;
    require(deaths->kind == AMQP_FIELD_KIND_ARRAY);
    for (int each = 0; each < deaths->value.array.num_entries; each++) {
        const amqp_table_t *death = &deaths->value.array.entries[each].value.table;
        told = format("%s%s %s %d\n", told, copy(field(death, "queue")->value.bytes),
                      copy(field(death, "reason")->value.bytes), (int)field(death, "count")->value.i64);
    }
    return told;
}

void control(const char *path) {
    char host[64], port[16], answer[256] = "";
    require(sscanf(environment("CONFORMANCE_CONTROL"), "http://%63[^:]:%15s", host, port) == 2);
    struct addrinfo *address, hints = {.ai_socktype = SOCK_STREAM};
    require(getaddrinfo(host, port, &hints, &address) == 0);
    int peer = socket(address->ai_family, SOCK_STREAM, 0);
    require(connect(peer, address->ai_addr, address->ai_addrlen) == 0);
    require(dprintf(peer, "GET %s HTTP/1.0\r\n\r\n", path) > 0);
    ssize_t length;
    while ((length = read(peer, answer, sizeof answer - 1)) < 0) require(errno == EINTR);
    require(strncmp(answer + strcspn(answer, " "), " 200 ", 5) == 0);
    close(peer);
}
