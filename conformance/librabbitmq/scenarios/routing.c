/* Tutorial 4: a direct exchange routes by exact key, several bindings per queue. */
#include "support.h"

int main(void) {
    char *logs = name("direct_logs");
    Connection connection = open_connection();
    exchange(connection, 1, logs, "direct", 0);
    check(connection);
    char *errors = exclusive(connection, 1), *everything = exclusive(connection, 1);
    bind_queue(connection, 1, errors, logs, "error");
    bind_queue(connection, 1, everything, logs, "info");
    bind_queue(connection, 1, everything, logs, "warning");
    bind_queue(connection, 1, everything, logs, "error");

    const char *severities[] = {"info", "error", "debug", "warning"};
    for (int each = 0; each < 4; each++) publish(connection, 1, logs, severities[each], severities[each]);

    receive(connection, 1, errors, "error");
    receive(connection, 1, everything, "info");
    receive(connection, 1, everything, "error");
    receive(connection, 1, everything, "warning");
    require(ready(connection, 1, errors) == 0);
    require(ready(connection, 1, everything) == 0);
    delete_exchange(connection, 1, logs);
    close_connection(connection);
}
