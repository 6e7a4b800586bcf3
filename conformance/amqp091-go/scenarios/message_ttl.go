package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("message_ttl", messageTTL) }

// diesAfter sees how the one message tells of its death that lives for the lower of both times.
func diesAfter(channel *amqp.Channel, dead string, ttl any, expiration string) {
	queue := Name(fmt.Sprint(ttl, ".", expiration))
	arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
	if ttl != nil {
		arguments[amqp.QueueMessageTTLArg] = ttl
	}
	DeclareExclusive(channel, queue, arguments)
	PublishConfirmed(channel, "", queue, amqp.Publishing{Expiration: expiration}, "mortal")
	message := Receive(channel, dead, 1)[0]
	Equal(string(message.Body), "mortal")
	Equal(message.Expiration, "")
	Equal(told(message), []string{queue + " expired 1"})
	original, expired := message.Headers["x-death"].([]any)[0].(amqp.Table)["original-expiration"]
	Equal(expired, expiration != "")
	if expired {
		Equal(original, expiration)
	}
	getEmpty(channel, queue)
}

func messageTTL(connection *amqp.Connection) {
	channel := Confirming(connection)
	dead, kept, instant := Name("dead"), Name("kept"), Name("instant")
	DeclareExclusive(channel, dead, nil)
	diesAfter(channel, dead, 150, "")
	diesAfter(channel, dead, nil, "150")
	diesAfter(channel, dead, 600_000, "150")
	diesAfter(channel, dead, 150, "600000")
	diesAfter(channel, dead, 0, "")
	diesAfter(channel, dead, nil, "0")

	DeclareExclusive(channel, kept, amqp.Table{amqp.QueueMessageTTLArg: 600_000})
	PublishConfirmed(channel, "", kept, amqp.Publishing{}, "by queue")
	PublishConfirmed(channel, "", kept, amqp.Publishing{Expiration: "500000"}, "by both")
	messages := Drain(channel, kept)
	Equal(Texts(messages), []string{"by queue", "by both"})
	Equal([]string{messages[0].Expiration, messages[1].Expiration}, []string{"", "500000"})

	DeclareExclusive(channel, instant, amqp.Table{amqp.QueueMessageTTLArg: 0})
	deliveries := Must(channel.Consume(instant, "", true, false, false, false, nil))
	Publish(channel, "", instant, "in time")
	Equal(string(Next(deliveries).Body), "in time")

	RefusedArgument(connection, amqp.QueueMessageTTLArg, -1, "{value_negative,-1}")
	RefusedArgument(connection, amqp.QueueMessageTTLArg, "150", `"expected integer, got longstr"`)
	for expiration, reason := range map[string]string{"soon": "no_integer", "-1": "{value_negative,-1}"} {
		text := fmt.Sprintf("PRECONDITION_FAILED - invalid expiration '%s': %s", expiration, reason)
		RefusedUse(connection, amqp.PreconditionFailed, text, func(channel *amqp.Channel) error {
			return channel.Publish("", kept, false, false, amqp.Publishing{Expiration: expiration})
		})
	}
}
