package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("consumers", consumers) }

func priorities(connection *amqp.Connection) {
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	Check(channel.Qos(1, 0, false))
	ranked := func(priority int) <-chan amqp.Delivery {
		arguments := amqp.Table{"x-priority": priority}
		return Must(channel.Consume(queue, "", false, false, false, false, arguments))
	}
	low, high := ranked(-1), ranked(10)
	for _, text := range []string{"1", "2", "3"} {
		Publish(channel, "", queue, text)
	}
	Equal(Texts(Take(low, 1)), []string{"2"})
	taken := Take(high, 1)
	Equal(Texts(taken), []string{"1"})
	Check(taken[0].Ack(false))
	Equal(Texts(Take(high, 1)), []string{"3"})
	Take(low, 0)
}

func singleActive(connection *amqp.Connection) {
	first, second := Must(connection.Channel()), Must(connection.Channel())
	arguments := amqp.Table{amqp.SingleActiveConsumerArg: true}
	queue := Must(first.QueueDeclare("", false, false, true, false, arguments)).Name
	active := Must(first.Consume(queue, "", false, false, false, false, nil))
	waiting := Must(second.Consume(queue, "", false, false, false, false, nil))
	for _, text := range []string{"1", "2"} {
		Publish(first, "", queue, text)
	}
	Equal(Texts(Take(active, 2)), []string{"1", "2"})
	Take(waiting, 0)
	Check(first.Close())
	again := Take(waiting, 2)
	Equal(Texts(again), []string{"1", "2"})
	Equal(again[0].Redelivered && again[1].Redelivered, true)
	third := Must(connection.Channel())
	_, err := third.Consume(queue, "", false, true, false, false, nil)
	Refused(err, amqp.AccessRefused)
}

func consumers(connection *amqp.Connection) {
	priorities(connection)
	singleActive(connection)
}
