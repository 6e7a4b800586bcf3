package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("single_active_consumer", singleActiveConsumer) }

func singleActiveConsumer(connection *amqp.Connection) {
	other := Connect()
	queue := Name("single")
	channel := Confirming(connection)
	arguments := amqp.Table{amqp.SingleActiveConsumerArg: true}
	Must(channel.QueueDeclare(queue, false, true, false, false, arguments))
	consume := func(channel *amqp.Channel, tag string) <-chan amqp.Delivery {
		return Must(channel.Consume(queue, tag, false, false, false, false, nil))
	}
	active, next, last := Must(connection.Channel()), Must(connection.Channel()), Must(other.Channel())
	Check(active.Qos(2, 0, false))
	atActive, atNext, atLast := consume(active, "active"), consume(next, ""), consume(last, "")
	PublishConfirmed(channel, "", queue, amqp.Publishing{}, "1", "2")
	held := Take(atActive, 2)
	Equal(Texts(held), []string{"1", "2"})

	// What comes first at each of the others shows that nothing came before its turn.
	Check(active.Cancel("active", false))
	PublishConfirmed(channel, "", queue, amqp.Publishing{}, "3")
	Equal(string(Next(atNext).Body), "3")
	Check(held[1].Reject(true))
	again := Next(atNext)
	Equal(string(again.Body), "2")
	Equal(again.Redelivered, true)
	Check(held[0].Ack(false))

	Check(next.Close())
	both := Take(atLast, 2)
	Equal(Texts(both), []string{"2", "3"})
	Equal(both[0].Redelivered && both[1].Redelivered, true)
	Check(both[1].Ack(true))
	PublishConfirmed(channel, "", queue, amqp.Publishing{}, "4")
	Equal(string(Next(atLast).Body), "4")
	Check(other.Close())

	reason := "{unacceptable_type,longstr}"
	RefusedArgument(connection, amqp.SingleActiveConsumerArg, "true", reason)
}
