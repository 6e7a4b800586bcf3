/* Several publish at once on one connection: each message is confirmed and comes once, in the order
   of its publisher. A connection is for one thread at a time, hence the lock. */
#include "support.h"

#include <pthread.h>

enum { PUBLISHERS = 8, MESSAGES = 250 };

static Connection connection;
static char *queue;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Publishes on the channel of this number. */
static void *publisher(void *number) {
    amqp_channel_t channel = (intptr_t)number;
    for (int message = 0; message < MESSAGES; message++) {
        pthread_mutex_lock(&lock);
        publish(connection, channel, "", queue, format("%d %d", channel, message));
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* Waits until all messages of all channels are confirmed. */
static void await_confirms(void) {
    uint64_t confirmed[PUBLISHERS + 1] = {0};
    bool acked[PUBLISHERS + 1][MESSAGES + 1] = {0};
    for (int done = 0; done < PUBLISHERS;) {
        amqp_frame_t frame;
        require(amqp_simple_wait_frame_noblock(connection, &frame, &PATIENCE) == AMQP_STATUS_OK);
        require(frame.payload.method.id == AMQP_BASIC_ACK_METHOD);
        amqp_basic_ack_t *ack = frame.payload.method.decoded;
        require(frame.channel <= PUBLISHERS && ack->delivery_tag <= MESSAGES);
        uint64_t *last = &confirmed[frame.channel];
        for (uint64_t tag = ack->multiple ? *last + 1 : ack->delivery_tag; tag <= ack->delivery_tag; tag++)
            acked[frame.channel][tag] = true;
        while (*last < MESSAGES && acked[frame.channel][*last + 1])
            if (++*last == MESSAGES) done++;
    }
}

int main(void) {
    connection = open_connection();
    queue = exclusive(connection, 1);
    for (int channel = 1; channel <= PUBLISHERS; channel++) {
        if (channel > 1) open_channel(connection, channel);
        amqp_confirm_select(connection, channel);
        check(connection);
    }
    pthread_t threads[PUBLISHERS];
    for (intptr_t each = 0; each < PUBLISHERS; each++)
        require(pthread_create(&threads[each], NULL, publisher, (void *)(each + 1)) == 0);
    for (int each = 0; each < PUBLISHERS; each++) require(pthread_join(threads[each], NULL) == 0);
    await_confirms();

    int expected[PUBLISHERS + 1] = {0};
    consume(connection, 1, queue, true, amqp_empty_table);
    for (int count = 0; count < PUBLISHERS * MESSAGES; count++) {
        int channel, message;
        amqp_envelope_t envelope = next(connection);
        require(sscanf(copy(envelope.message.body), "%d %d", &channel, &message) == 2);
        require(message == expected[channel]++);
        amqp_destroy_envelope(&envelope);
    }
    require(ready(connection, 1, queue) == 0);
    close_connection(connection);
}
