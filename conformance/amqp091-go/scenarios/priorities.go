package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("priorities", messagePriorities) }

func messagePriorities(connection *amqp.Connection) {
	channel := Confirming(connection)
	queue := Name("priorities")
	DeclareExclusive(channel, queue, amqp.Table{"x-max-priority": 5})
	publish := func(priority uint8, texts ...string) {
		PublishConfirmed(channel, "", queue, amqp.Publishing{Priority: priority}, texts...)
	}
	publish(0, "none")
	publish(1, "1")
	publish(3, "3")
	publish(5, "5")
	publish(9, "9")
	publish(3, "3 again")
	messages := Drain(channel, queue)
	Equal(Texts(messages), []string{"5", "9", "3", "3 again", "1", "none"})
	for index, priority := range []uint8{5, 9, 3, 3, 1, 0} {
		Equal(messages[index].Priority, priority)
	}

	publish(1, "low")
	publish(4, "high", "higher")
	get(channel, queue, "high")
	get(channel, queue, "higher")
	Check(get(channel, queue, "low").Nack(true, true))
	again := Drain(channel, queue)
	Equal(Texts(again), []string{"high", "higher", "low"})
	for _, message := range again {
		Equal(message.Redelivered, true)
	}

	RefusedArgument(connection, "x-max-priority", 256, "{max_value_exceeded,256}")
	RefusedArgument(connection, "x-max-priority", "5", `"expected integer, got longstr"`)
}
