package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("basic_get", basicGet) }

func get(channel *amqp.Channel, queue, text string) amqp.Delivery {
	message, some, err := channel.Get(queue, false)
	Check(err)
	Equal(some, true)
	Equal(string(message.Body), text)
	return message
}

func getEmpty(channel *amqp.Channel, queue string) {
	_, some, err := channel.Get(queue, false)
	Check(err)
	Equal(some, false)
}

func basicGet(connection *amqp.Connection) {
	queue := Name("polled")
	channel := Must(connection.Channel())
	Must(channel.QueueDeclare(queue, false, false, false, false, nil))
	getEmpty(channel, queue)

	for _, text := range []string{"one", "two", "three"} {
		Publish(channel, "", queue, text)
	}
	one := get(channel, queue, "one")
	Equal(one.MessageCount, uint32(2))
	Equal(one.Redelivered, false)
	Equal(one.RoutingKey, queue)
	Check(one.Ack(false))
	two := get(channel, queue, "two")
	Equal(two.DeliveryTag, uint64(2))
	Check(two.Ack(false))
	get(channel, queue, "three")
	getEmpty(channel, queue)
	Check(channel.Close())

	channel = Must(connection.Channel())
	three := get(channel, queue, "three")
	Equal(three.Redelivered, true)
	Check(three.Ack(false))
	Must(channel.QueueDelete(queue, false, false, false))
}
