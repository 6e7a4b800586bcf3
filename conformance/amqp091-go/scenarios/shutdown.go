package scenarios

import (
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { AddAlone("shutdown", shutdown) }

func shutdown() {
	connection, states := Recovering()
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	channel := Confirming(connection)
	queue := Name("durable")
	Must(channel.QueueDeclare(queue, true, false, false, false, nil))
	PublishConfirmed(channel, "", queue, amqp.Publishing{DeliveryMode: amqp.Persistent}, "1", "2")

	Control("/broker/stop")

	exception := Await(closed)
	Equal(exception.Code, amqp.ConnectionForced)
	Equal(strings.HasPrefix(exception.Reason, "CONNECTION_FORCED"), true)
	Equal(exception.Server, true)
	Equal(Await(states).To, amqp.StateReconnecting)
	Control("/broker/start")
	Equal(Await(states).To, amqp.StateOpen)

	Equal(Bodies(channel, queue, 2), []string{"1", "2"})
	Must(channel.QueueDelete(queue, false, false, false))
	Check(connection.Close())
}
