package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("blocked", blocked) }

func blocked(publisher *amqp.Connection) {
	told := publisher.NotifyBlocked(make(chan amqp.Blocking, 1))
	consumer := Connect()
	outgoing, incoming := Must(publisher.Channel()), Must(consumer.Channel())
	queue := Name("queue")
	Must(incoming.QueueDeclare(queue, false, true, false, false, nil))
	Publish(outgoing, "", queue, "before")
	deliveries := Must(incoming.Consume(queue, "", true, false, false, false, nil))
	Equal(Texts(Take(deliveries, 1)), []string{"before"})

	Control("/broker/block")
	Publish(outgoing, "", queue, "meanwhile")
	Equal(Await(told), amqp.Blocking{Active: true, Reason: "low on memory"})
	Take(deliveries, 0)
	state := Must(incoming.QueueDeclarePassive(queue, false, true, false, false, nil))
	Equal(state.Consumers, 1)

	Control("/broker/unblock")
	Equal(Await(told), amqp.Blocking{})
	Equal(string(Next(deliveries).Body), "meanwhile")
	Check(consumer.Close())
}
