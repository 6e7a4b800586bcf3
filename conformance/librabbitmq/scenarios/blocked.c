/* A memory alarm blocks publishers: they are told, what they publish waits, consumers go on. */
#include "support.h"

int main(void) {
    char *queue = name("queue");
    Connection publisher = open_connection(), consumer = open_connection();
    declare(consumer, 1, queue, AUTO_DELETE, amqp_empty_table);
    publish(publisher, 1, "", queue, "before");
    consume(consumer, 1, queue, true, amqp_empty_table);
    expect(consumer, "before", false);

    control("/broker/block");
    publish(publisher, 1, "", queue, "meanwhile");
    amqp_connection_blocked_t *blocked =
        await_method(publisher, AMQP_CONNECTION_BLOCKED_METHOD).decoded;
    require(same(blocked->reason, "low on memory"));
    silence(consumer);
    require(declare(consumer, 1, queue, PASSIVE, amqp_empty_table)->consumer_count == 1);

    control("/broker/unblock");
    await_method(publisher, AMQP_CONNECTION_UNBLOCKED_METHOD);
    expect(consumer, "meanwhile", false);
    close_connection(consumer);
    close_connection(publisher);
}
