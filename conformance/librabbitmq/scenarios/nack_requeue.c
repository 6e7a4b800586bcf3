/* Nack and reject put messages back in order as redelivered, or drop them. */
#include "support.h"

int main(void) {
    Message messages[5], again;
    Connection connection = open_connection();
    char *queue = exclusive(connection, 1);
    for (int number = 0; number < 5; number++) publish(connection, 1, "", queue, format("%d", number));

    for (int number = 0; number < 5; number++)
        require(get(connection, 1, queue, false, &messages[number]));
    require(amqp_basic_nack(connection, 1, messages[3].tag, false, true) == AMQP_STATUS_OK);
    require(amqp_basic_reject(connection, 1, messages[1].tag, true) == AMQP_STATUS_OK);
    require(amqp_basic_reject(connection, 1, messages[4].tag, false) == AMQP_STATUS_OK);
    require(get(connection, 1, queue, false, &again));
    require(strcmp(again.text, "1") == 0 && again.redelivered);
    require(get(connection, 1, queue, false, &again));
    require(strcmp(again.text, "3") == 0 && again.redelivered);

    require(amqp_basic_nack(connection, 1, 0, true, true) == AMQP_STATUS_OK);
    for (int number = 0; number < 4; number++) {
        require(get(connection, 1, queue, false, &again));
        require(strcmp(again.text, format("%d", number)) == 0 && again.redelivered);
    }
    require(amqp_basic_nack(connection, 1, again.tag, true, false) == AMQP_STATUS_OK);
    require(!get(connection, 1, queue, false, &again));
    close_connection(connection);
}
