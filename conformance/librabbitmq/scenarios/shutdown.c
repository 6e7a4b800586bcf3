/* An orderly stop is told to clients with 320; what is durable is there after the next start. */
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    char *queue = name("durable");
    amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
    Connection connection = open_connection();
    declare(connection, 1, queue, DURABLE, amqp_empty_table);
    amqp_confirm_select(connection, 1);
    check(connection);
    publish_with(connection, 1, "", queue, &persistent, "1");
    publish_with(connection, 1, "", queue, &persistent, "2");
    confirmed(connection, 1, 2);

    /* The broker waits for the answer to its close, so that another process has to ask for it. */
    if (fork() == 0) {
        control("/broker/stop");
        _exit(0);
    }
    amqp_connection_close_t *close = await_method(connection, AMQP_CONNECTION_CLOSE_METHOD).decoded;
    require(close->reply_code == 320 && starts(close->reply_text, "CONNECTION_FORCED"));
    amqp_connection_close_ok_t ok; /* RabbitMQ hangs up without it. */
    amqp_send_method(connection, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    amqp_destroy_connection(connection);
    int status;
    require(wait(&status) > 0 && status == 0);
    control("/broker/start");
    connection = open_connection();
    receive(connection, 1, queue, "1");
    receive(connection, 1, queue, "2");
    require(delete_queue(connection, 1, queue) == 0);
    close_connection(connection);
}
