/* What every scenario needs: the broker's address, names of its own, and checks that end it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amqp.h>
#include <amqp_tcp_socket.h>

typedef amqp_connection_state_t Connection;

/* How long something that should come is waited for. */
#define PATIENCE ((struct timeval){10, 0})
/* The silence after which nothing more is expected. */
#define QUIET ((struct timeval){0, 300000})

enum { DURABLE = 1, EXCLUSIVE = 2, AUTO_DELETE = 4, PASSIVE = 8 };

/* Ends the scenario unless a condition holds. */
#define require(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
#define ENTRIES(...) ((amqp_table_entry_t[]){__VA_ARGS__})
/* A table of entries, which lives as long as the block. */
#define table(...) \
    ((amqp_table_t){sizeof ENTRIES(__VA_ARGS__) / sizeof(amqp_table_entry_t), ENTRIES(__VA_ARGS__)})

/* One message that came by basic.get. */
typedef struct {
    uint64_t tag;
    bool redelivered;
    unsigned left;
    char *exchange, *key, *text;
    amqp_basic_properties_t properties;
} Message;

_Noreturn void fail(const char *file, int line, const char *what);

/* A text as printf makes it; names and expected texts are built by it. */
char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
/* A queue or exchange name that no other scenario uses. */
char *name(const char *suffix);
char *copy(amqp_bytes_t bytes);
bool same(amqp_bytes_t bytes, const char *text);
bool starts(amqp_bytes_t bytes, const char *text);

/* Connects and logs in; what came of it is the result. The library itself does not ask the broker to
   tell of consumers that it cancels and of being blocked. */
amqp_rpc_reply_t log_in(Connection *connection, const char *vhost, const char *password, int heartbeat);
/* A connection with channel 1. */
Connection open_connection(void);
Connection open_with_heartbeat(int seconds);
void close_connection(Connection connection);
void open_channel(Connection connection, amqp_channel_t channel);
void close_channel(Connection connection, amqp_channel_t channel);

/* Ends the scenario unless the last call on a connection succeeded. */
void check(Connection connection);
/* Sees that the last call ended in this channel exception, and opens the channel again. */
void refused(Connection connection, amqp_channel_t channel, int code, const char *text);

/* Sees that a queue with this argument is refused for this reason. */
void refuse_argument(Connection, amqp_channel_t, amqp_table_entry_t argument, const char *why);

amqp_queue_declare_ok_t *try_declare(Connection, amqp_channel_t, const char *queue, int flags, amqp_table_t);
amqp_queue_declare_ok_t *declare(Connection, amqp_channel_t, const char *queue, int flags, amqp_table_t);
/* A server-named exclusive queue. */
char *exclusive(Connection connection, amqp_channel_t channel);
void exchange(Connection, amqp_channel_t, const char *exchange, const char *type, int flags);
void exchange_with(Connection, amqp_channel_t, const char *exchange, const char *type, int flags, amqp_table_t);
void bind_queue(Connection, amqp_channel_t, const char *queue, const char *exchange, const char *key);
/* How many messages wait in a queue. */
unsigned ready(Connection connection, amqp_channel_t channel, const char *queue);
unsigned delete_queue(Connection connection, amqp_channel_t channel, const char *queue);
void delete_exchange(Connection connection, amqp_channel_t channel, const char *exchange);

void publish(Connection, amqp_channel_t, const char *exchange, const char *key, const char *text);
void publish_with(Connection, amqp_channel_t, const char *exchange, const char *key,
                  const amqp_basic_properties_t *, const char *text);
/* Waits until each publish up to this number is confirmed. */
void confirmed(Connection connection, amqp_channel_t channel, uint64_t last);

/* Starts a consumer and returns its tag. */
char *consume(Connection, amqp_channel_t, const char *queue, bool no_ack, amqp_table_t);
/* The next delivery on any channel. */
amqp_envelope_t next(Connection connection);
/* The next delivery's tag; its text and whether it is redelivered are as expected. */
uint64_t expect(Connection connection, const char *text, bool redelivered);
/* Sees that nothing comes. */
void silence(Connection connection);
/* Has the next of a queue arrive as this text. */
Message receive(Connection, amqp_channel_t, const char *queue, const char *text);
/* Takes all that is ready in a queue, which is these texts, with commas between them. */
void drain(Connection, amqp_channel_t, const char *queue, const char *texts);
/* Polls one message. */
bool get(Connection, amqp_channel_t, const char *queue, bool no_ack, Message *);
/* Waits for a method that the broker sends by itself, and returns it. */
amqp_method_t await_method(Connection connection, amqp_method_number_t id);

amqp_table_entry_t text_entry(const char *key, const char *text);
amqp_table_entry_t int_entry(const char *key, int32_t number);
amqp_table_entry_t bool_entry(const char *key, bool value);
/* The value under a key, or NULL. */
const amqp_field_value_t *field(const amqp_table_t *table, const char *key);
/* The header under a key, or NULL. */
const amqp_field_value_t *header(const amqp_basic_properties_t *properties, const char *key);
/* Queue, reason and count of each death. */
char *deaths(const amqp_basic_properties_t *properties);

/* Has the harness do something to the broker, or to this process (harness/control.py). */
void control(const char *path);
