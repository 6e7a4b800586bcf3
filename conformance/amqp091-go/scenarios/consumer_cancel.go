package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("consumer_cancel", consumerCancel) }

func consumerCancel(connection *amqp.Connection) {
	channel, other := Must(connection.Channel()), Must(connection.Channel())
	cancelled := channel.NotifyCancel(make(chan string, 1))
	queue := Name("doomed")
	Must(channel.QueueDeclare(queue, false, false, false, false, nil))
	deliveries := Must(channel.Consume(queue, "told", true, false, false, false, nil))
	Publish(channel, "", queue, "before")
	Equal(string(Next(deliveries).Body), "before")

	Must(other.QueueDelete(queue, false, false, false))

	Equal(Await(cancelled), "told")
	_, open := <-deliveries
	Equal(open, false)
	queue = Exclusive(channel)
	Publish(channel, "", queue, "after")
	Equal(Bodies(channel, queue, 1), []string{"after"})
}
