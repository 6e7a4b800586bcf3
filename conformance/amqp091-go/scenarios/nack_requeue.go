package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("nack_requeue", nackRequeue) }

func nackRequeue(connection *amqp.Connection) {
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	for number := 0; number < 5; number++ {
		Publish(channel, "", queue, fmt.Sprint(number))
	}

	messages := []amqp.Delivery{}
	for number := 0; number < 5; number++ {
		messages = append(messages, get(channel, queue, fmt.Sprint(number)))
	}
	Check(messages[3].Nack(false, true))
	Check(messages[1].Reject(true))
	Check(messages[4].Reject(false))
	Equal(get(channel, queue, "1").Redelivered, true)
	last := get(channel, queue, "3")
	Equal(last.Redelivered, true)

	Check(last.Nack(true, true))
	deliveries := Must(channel.Consume(queue, "again", false, false, false, false, nil))
	came := Take(deliveries, 4)
	Equal(Texts(came), []string{"0", "1", "2", "3"})
	for _, message := range came {
		Equal(message.Redelivered, true)
	}
	Check(channel.Cancel("again", false))
	Check(channel.Nack(came[3].DeliveryTag, true, false))
	getEmpty(channel, queue)
}
