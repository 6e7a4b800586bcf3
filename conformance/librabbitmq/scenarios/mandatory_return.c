/* An unroutable mandatory message comes back with 312, its key and its body, before its confirm. */
#include "support.h"

int main(void) {
    char *nowhere = name("nowhere");
    Connection connection = open_connection();
    amqp_confirm_select(connection, 1);
    check(connection);
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_HEADERS_FLAG,
        .message_id = amqp_cstring_bytes("m-1"),
        .headers = table(int_entry("try", 1)),
    };
    require(amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(nowhere), true, false,
                               &properties, amqp_cstring_bytes("come back")) == AMQP_STATUS_OK);

    amqp_basic_return_t *returned = await_method(connection, AMQP_BASIC_RETURN_METHOD).decoded;
    require(returned->reply_code == 312 && same(returned->reply_text, "NO_ROUTE"));
    require(same(returned->exchange, "") && same(returned->routing_key, nowhere));
    amqp_message_t message;
    require(amqp_read_message(connection, 1, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
    require(same(message.properties.message_id, "m-1"));
    require(field(&message.properties.headers, "try")->value.i32 == 1);
    require(same(message.body, "come back"));
    amqp_destroy_message(&message);
    await_method(connection, AMQP_BASIC_ACK_METHOD);
    close_connection(connection);
}
