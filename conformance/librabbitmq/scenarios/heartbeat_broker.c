/* A broker that falls silent is noticed by the missing heartbeats. */
#include "support.h"

int main(void) {
    amqp_frame_t frame;
    Connection connection = open_with_heartbeat(1);
    struct timeval beats = {1, 500000}, patience = {20, 0};
    require(amqp_simple_wait_frame_noblock(connection, &frame, &beats) == AMQP_STATUS_TIMEOUT);

    control("/broker/freeze");
    int status = amqp_simple_wait_frame_noblock(connection, &frame, &patience);
    require(status == AMQP_STATUS_HEARTBEAT_TIMEOUT);
    amqp_destroy_connection(connection);
    control("/broker/thaw");

    close_connection(open_connection());
}
