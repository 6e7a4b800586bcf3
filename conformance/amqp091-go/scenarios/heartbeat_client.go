package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { AddAlone("heartbeat_client", heartbeatClient) }

func heartbeatClient() {
	connection := ConnectWith(amqp.Config{Heartbeat: time.Second})
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	channel := Must(connection.Channel())
	queue := Name("held")
	Must(channel.QueueDeclare(queue, false, false, false, false, nil))
	Publish(channel, "", queue, "held")
	held := Next(Must(channel.Consume(queue, "", false, false, false, false, nil)))
	Equal(string(held.Body), "held")

	Control("/client/freeze?seconds=5")

	other := Connect()
	channel = Must(other.Channel())
	again := get(channel, queue, "held")
	Equal(again.Redelivered, true)
	Await(closed)
	Equal(held.Ack(false) != nil, true)
	Must(channel.QueueDelete(queue, false, false, false))
	Check(other.Close())
}
