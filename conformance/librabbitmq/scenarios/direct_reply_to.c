/* Replies reach amq.rabbitmq.reply-to at an address that is there as long as the requester; misuse is
   refused. */
#include "support.h"

#define REPLY_TO "amq.rabbitmq.reply-to"

static void consume_replies(Connection connection, bool no_ack) {
    amqp_basic_consume(connection, 2, amqp_cstring_bytes(REPLY_TO), amqp_empty_bytes, false, no_ack, false,
                       amqp_empty_table);
}

int main(void) {
    char *requests = name("requests");
    Connection connection = open_connection(), server = open_connection();
    declare(server, 1, requests, 0, amqp_empty_table);
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG,
        .reply_to = amqp_cstring_bytes(REPLY_TO),
        .correlation_id = amqp_cstring_bytes("7"),
    };

    consume(connection, 1, REPLY_TO, true, amqp_empty_table);
    publish_with(connection, 1, "", requests, &properties, "question");
    Message request = receive(server, 1, requests, "question");
    char *address = copy(request.properties.reply_to);
    require(starts(request.properties.reply_to, REPLY_TO "."));
    amqp_queue_declare_ok_t *found = declare(server, 1, address, PASSIVE, amqp_empty_table);
    require(same(found->queue, address) && found->message_count == 0 && found->consumer_count == 1);
    request.properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG;
    publish_with(server, 1, "", address, &request.properties, "answer");
    amqp_envelope_t reply = next(connection);
    require(same(reply.message.body, "answer") && same(reply.message.properties.correlation_id, "7"));
    require(same(reply.exchange, "") && same(reply.routing_key, address) && !reply.redelivered);

    open_channel(connection, 2);
    consume_replies(connection, false);
    refused(connection, 2, 406, "PRECONDITION_FAILED - reply consumer cannot acknowledge");
    consume_replies(connection, true);
    check(connection);
    consume_replies(connection, true);
    refused(connection, 2, 406, "PRECONDITION_FAILED - reply consumer already set");
    publish_with(connection, 2, "", requests, &properties, "lost");
    try_declare(connection, 2, "", EXCLUSIVE, amqp_empty_table);
    refused(connection, 2, 406, "PRECONDITION_FAILED - fast reply consumer does not exist");

    close_channel(connection, 1);
    try_declare(server, 1, address, PASSIVE, amqp_empty_table);
    refused(server, 1, 404, format("NOT_FOUND - no queue '%s' in vhost '/'", address));
    drain(server, 1, requests, "");
    delete_queue(server, 1, requests);
    close_connection(connection);
    close_connection(server);
}
