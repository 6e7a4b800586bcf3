/* x-delayed-retry-type: a rejected message waits longer each time, holds up no other, and is
   dead-lettered at the limit. */
#include "support.h"

#include <time.h>

enum { LEAST = 150, LIMIT = 2 };

static int64_t milliseconds(void) {
    struct timespec now;
    require(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The next delivery's tag; it is the job, delivered this often before. */
static uint64_t expect_job(Connection connection, int64_t count) {
    amqp_envelope_t job = next(connection);
    require(same(job.message.body, "try"));
    const amqp_field_value_t *counted = header(&job.message.properties, "x-delivery-count");
    require(counted ? counted->value.i64 == count : count == 0);
    amqp_destroy_envelope(&job);
    return job.delivery_tag;
}

int main(void) {
    Connection connection = open_connection();
    char *queue = name("retried"), *dead = exclusive(connection, 1);
    declare(connection, 1, queue, DURABLE,
            table(text_entry("x-queue-type", "quorum"), text_entry("x-delayed-retry-type", "failed"),
                  int_entry("x-delayed-retry-min", LEAST), int_entry("x-delayed-retry-max", 10 * LEAST),
                  int_entry("x-delivery-limit", LIMIT), text_entry("x-dead-letter-exchange", ""),
                  text_entry("x-dead-letter-routing-key", dead)));
    publish(connection, 1, "", queue, "try");
    publish(connection, 1, "", queue, "other");
    amqp_basic_qos(connection, 1, 0, 1, false);
    check(connection);
    char *consumer = consume(connection, 1, queue, false, amqp_empty_table);
    int64_t rejected = 0;
    for (int attempt = 0; attempt <= LIMIT; attempt++) {
        uint64_t job = expect_job(connection, attempt);
        require(milliseconds() - rejected >= LEAST * attempt);
        rejected = milliseconds();
        require(amqp_basic_reject(connection, 1, job, true) == AMQP_STATUS_OK);
        if (attempt == 0) {
            uint64_t other = expect(connection, "other", false);
            require(amqp_basic_ack(connection, 1, other, false) == AMQP_STATUS_OK);
        }
    }
    receive(connection, 1, dead, "try");
    amqp_basic_cancel(connection, 1, amqp_cstring_bytes(consumer));
    check(connection);
    delete_queue(connection, 1, queue);
    close_connection(connection);
}
