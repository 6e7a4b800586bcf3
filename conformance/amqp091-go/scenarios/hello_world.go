package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("hello_world", helloWorld) }

func helloWorld(receiver *amqp.Connection) {
	queue := Name("hello")
	sender := Connect()
	sending := Must(sender.Channel())
	Must(sending.QueueDeclare(queue, false, false, false, false, nil))
	Publish(sending, "", queue, "Hello World!")
	Check(sender.Close())

	channel := Must(receiver.Channel())
	Must(channel.QueueDeclare(queue, false, false, false, false, nil))
	Equal(Bodies(channel, queue, 1), []string{"Hello World!"})
	Must(channel.QueueDelete(queue, false, false, false))
}
