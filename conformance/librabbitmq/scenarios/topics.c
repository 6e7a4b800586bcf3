/* Tutorial 5: `*` and `#` match words, one copy per queue. */
#include "support.h"

static const char *keys[] = {
    "quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox", "lazy.brown.fox",
    "lazy.pink.rabbit", "quick.brown.fox", "orange", "quick.orange.new.rabbit",
    "lazy.orange.new.rabbit", "lazy", NULL,
};

/* Binding keys, and the places of the routing keys that they let through. */
static const struct {
    const char *bindings[3];
    int expected[11];
} subscriptions[] = {
    {{"*.orange.*"}, {0, 1, 2, -1}},
    {{"*.*.rabbit", "lazy.#"}, {0, 1, 3, 4, 8, 9, -1}},
    {{"#"}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1}},
};

int main(void) {
    char *logs = name("topic_logs"), *queues[3];
    Connection connection = open_connection();
    exchange(connection, 1, logs, "topic", 0);
    check(connection);
    for (int each = 0; each < 3; each++) {
        queues[each] = exclusive(connection, 1);
        for (const char *const *key = subscriptions[each].bindings; *key; key++)
            bind_queue(connection, 1, queues[each], logs, *key);
    }

    for (const char **key = keys; *key; key++) publish(connection, 1, logs, *key, *key);

    for (int each = 0; each < 3; each++) {
        for (const int *place = subscriptions[each].expected; *place >= 0; place++)
            receive(connection, 1, queues[each], keys[*place]);
        require(ready(connection, 1, queues[each]) == 0);
    }
    delete_exchange(connection, 1, logs);
    close_connection(connection);
}
