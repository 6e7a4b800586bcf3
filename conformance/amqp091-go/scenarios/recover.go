package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("recover", recoverDeliveries) }

func recoverDeliveries(connection *amqp.Connection) {
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	for _, text := range []string{"1", "2", "3"} {
		Publish(channel, "", queue, text)
	}
	deliveries := Must(channel.Consume(queue, "", false, false, false, false, nil))
	first := Take(deliveries, 3)
	for _, delivery := range first {
		Equal(delivery.Redelivered, false)
	}
	Check(first[1].Ack(false))

	Check(channel.Recover(true))

	again := Take(deliveries, 2)
	Equal(Texts(again), []string{"1", "3"})
	for _, delivery := range again {
		Equal(delivery.Redelivered, true)
	}
	Check(again[1].Ack(true))
	Check(channel.Close())
	Equal(Ready(Must(connection.Channel()), queue), 0)
}
