package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("length_limits", lengthLimits) }

// confirmedNumbers publishes the first numbers and tells which of them were confirmed.
func confirmedNumbers(channel *amqp.Channel, queue string, count int) []string {
	confirmed := []string{}
	for number := 0; number < count; number++ {
		text := fmt.Sprint(number)
		message := amqp.Publishing{Body: []byte(text)}
		if Must(channel.PublishWithDeferredConfirm("", queue, false, false, message)).Wait() {
			confirmed = append(confirmed, text)
		}
	}
	return confirmed
}

func lengthLimits(connection *amqp.Connection) {
	ring, full := Name("ring"), Name("full")
	channel := Confirming(connection)
	DeclareExclusive(channel, ring, amqp.Table{amqp.QueueMaxLenArg: 3})
	Equal(len(confirmedNumbers(channel, ring, 10)), 10)
	Equal(Texts(Drain(channel, ring)), []string{"7", "8", "9"})

	DeclareExclusive(channel, full, amqp.Table{
		amqp.QueueMaxLenArg: 2, amqp.QueueOverflowArg: amqp.QueueOverflowRejectPublish,
	})
	Equal(confirmedNumbers(channel, full, 5), []string{"0", "1"})
	Equal(Texts(Drain(channel, full)), []string{"0", "1"})
	PublishConfirmed(channel, "", full, amqp.Publishing{}, "there is room again")
}
