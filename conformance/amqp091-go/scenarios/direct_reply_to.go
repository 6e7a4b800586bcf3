package scenarios

import (
	"fmt"
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("direct_reply_to", directReplyTo) }

const replyTo = "amq.rabbitmq.reply-to"

func consumeReplies(channel *amqp.Channel, autoAck bool) (<-chan amqp.Delivery, error) {
	return channel.Consume(replyTo, "", autoAck, false, false, false, nil)
}

// misuses sees which uses are refused.
func misuses(connection *amqp.Connection, requests string) {
	refused := func(text string, use func(*amqp.Channel) error) {
		RefusedUse(connection, amqp.PreconditionFailed, "PRECONDITION_FAILED - "+text, use)
	}
	refused("reply consumer cannot acknowledge", func(channel *amqp.Channel) error {
		_, err := consumeReplies(channel, false)
		return err
	})
	refused("fast reply consumer does not exist", func(channel *amqp.Channel) error {
		return channel.Publish("", requests, false, false, amqp.Publishing{ReplyTo: replyTo})
	})
	refused("reply consumer already set", func(channel *amqp.Channel) error {
		Must(consumeReplies(channel, true))
		_, err := consumeReplies(channel, true)
		return err
	})
}

func directReplyTo(connection *amqp.Connection) {
	server := Connect()
	channel, serving := Must(connection.Channel()), Must(server.Channel())
	requests := Name("requests")
	Must(serving.QueueDeclare(requests, false, false, false, false, nil))

	replies := Must(consumeReplies(channel, true))
	question := amqp.Publishing{ReplyTo: replyTo, CorrelationId: "7", Body: []byte("question")}
	Check(channel.Publish("", requests, false, false, question))
	request := Receive(serving, requests, 1)[0]
	address := request.ReplyTo
	Equal(string(request.Body), "question")
	Equal(strings.HasPrefix(address, replyTo+"."), true)
	state := Must(serving.QueueDeclarePassive(address, false, false, false, false, nil))
	Equal(state, amqp.Queue{Name: address, Consumers: 1})
	answer := amqp.Publishing{CorrelationId: request.CorrelationId, Body: []byte("answer")}
	Check(serving.Publish("", address, false, false, answer))
	reply := Next(replies)
	Equal(string(reply.Body), "answer")
	Equal([]string{reply.CorrelationId, reply.Exchange, reply.RoutingKey}, []string{"7", "", address})
	Equal(reply.Redelivered, false)

	misuses(connection, requests)
	Check(channel.Close())
	text := fmt.Sprintf("NOT_FOUND - no queue '%s'", address)
	RefusedUse(server, amqp.NotFound, text, func(channel *amqp.Channel) error {
		_, err := channel.QueueDeclarePassive(address, false, false, false, false, nil)
		return err
	})
	getEmpty(serving, requests)
	Must(serving.QueueDelete(requests, false, false, false))
	Check(server.Close())
}
