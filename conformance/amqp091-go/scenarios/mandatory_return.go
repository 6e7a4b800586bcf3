package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("mandatory_return", mandatoryReturn) }

func mandatoryReturn(connection *amqp.Connection) {
	nowhere := Name("nowhere")
	channel := Must(connection.Channel())
	Check(channel.Confirm(false))
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 1))
	Check(channel.Publish("", nowhere, true, false, amqp.Publishing{
		MessageId: "m-1",
		Headers:   amqp.Table{"try": int32(1)},
		Body:      []byte("come back"),
	}))

	select {
	case confirmation := <-confirms:
		Equal(confirmation, amqp.Confirmation{DeliveryTag: 1, Ack: true})
	case <-time.After(Patience):
		panic("no confirm came")
	}
	select {
	case message := <-returns:
		Equal(message.ReplyCode, uint16(amqp.NoRoute))
		Equal(message.ReplyText, "NO_ROUTE")
		Equal(message.Exchange, "")
		Equal(message.RoutingKey, nowhere)
		Equal(message.MessageId, "m-1")
		Equal(message.Headers, amqp.Table{"try": int32(1)})
		Equal(string(message.Body), "come back")
	default:
		panic("the return did not come before the confirm")
	}
}
