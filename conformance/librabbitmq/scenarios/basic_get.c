/* Get-empty, the count of messages left, acknowledgement, and return to the queue on close. */
#include "support.h"

int main(void) {
    char *queue = name("polled");
    Message message;
    Connection connection = open_connection();
    open_channel(connection, 2);
    declare(connection, 2, queue, 0, amqp_empty_table);
    require(!get(connection, 2, queue, false, &message));

    publish(connection, 2, "", queue, "one");
    publish(connection, 2, "", queue, "two");
    publish(connection, 2, "", queue, "three");
    require(get(connection, 2, queue, true, &message));
    require(strcmp(message.text, "one") == 0 && message.left == 2 && !message.redelivered);
    require(strcmp(message.exchange, "") == 0 && strcmp(message.key, queue) == 0);
    require(get(connection, 2, queue, false, &message));
    require(strcmp(message.text, "two") == 0 && message.left == 1);
    require(amqp_basic_ack(connection, 2, message.tag, false) == AMQP_STATUS_OK);
    require(get(connection, 2, queue, false, &message));
    require(strcmp(message.text, "three") == 0 && message.left == 0);
    require(!get(connection, 2, queue, false, &message));
    close_channel(connection, 2);

    require(get(connection, 1, queue, true, &message));
    require(strcmp(message.text, "three") == 0 && message.redelivered);
    delete_queue(connection, 1, queue);
    close_connection(connection);
}
