/* A thousand channels of one connection are open at once and each works. */
#include "support.h"

enum { CHANNELS = 1000 };

int main(void) {
    Connection connection = open_connection();
    char *queue = exclusive(connection, 1);
    for (int channel = 2; channel <= CHANNELS; channel++) open_channel(connection, channel);
    for (int channel = 1; channel <= CHANNELS; channel++) {
        Message message;
        char *text = format("%d", channel);
        publish(connection, channel, "", queue, text);
        require(get(connection, channel, queue, true, &message));
        require(strcmp(message.text, text) == 0);
    }
    for (int channel = 1; channel <= CHANNELS; channel++) close_channel(connection, channel);
    open_channel(connection, 1);
    close_connection(connection);
}
