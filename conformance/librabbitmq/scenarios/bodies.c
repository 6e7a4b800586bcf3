/* Bodies of 0 octets, around the frame size, and of several MiB arrive intact. */
#include "support.h"

static const size_t sizes[] = {0, 1, 4088, 4089, 131064, 131065, 2 * 131064, 1048579, 5000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Octets whose place shows in their value. */
static amqp_bytes_t body(size_t size) {
    amqp_bytes_t body = amqp_bytes_malloc(size);
    for (size_t place = 0; place < size; place++) ((uint8_t *)body.bytes)[place] = place % 251;
    return body;
}

int main(void) {
    Connection connection = open_connection();
    char *queue = exclusive(connection, 1);
    for (int each = 0; each < SIZES; each++)
        require(amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), false,
                                   false, NULL, body(sizes[each])) == AMQP_STATUS_OK);

    consume(connection, 1, queue, true, amqp_empty_table);
    for (int each = 0; each < SIZES; each++) {
        amqp_envelope_t came = next(connection);
        require(came.message.body.len == sizes[each]);
        require(memcmp(came.message.body.bytes, body(sizes[each]).bytes, sizes[each]) == 0);
        amqp_destroy_envelope(&came);
    }
    close_connection(connection);
}
