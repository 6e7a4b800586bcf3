package scenarios

import (
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("publish_subscribe", publishSubscribe) }

type subscriber struct {
	connection *amqp.Connection
	channel    *amqp.Channel
	queue      string
}

func subscribe(exchange string) subscriber {
	connection := Connect()
	channel := Must(connection.Channel())
	Check(channel.ExchangeDeclare(exchange, "fanout", false, false, false, false, nil))
	queue := Exclusive(channel)
	Equal(strings.HasPrefix(queue, "amq.gen-"), true)
	Check(channel.QueueBind(queue, "", exchange, false, nil))
	return subscriber{connection, channel, queue}
}

func declareRefused(connection *amqp.Connection, queue string, code int) {
	channel := Must(connection.Channel())
	_, err := channel.QueueDeclarePassive(queue, false, false, true, false, nil)
	Refused(err, code)
}

func publishSubscribe(publisher *amqp.Connection) {
	exchange := Name("logs")
	channel := Must(publisher.Channel())
	Check(channel.ExchangeDeclare(exchange, "fanout", false, false, false, false, nil))
	Publish(channel, exchange, "", "nobody listens")

	subscribers := []subscriber{subscribe(exchange), subscribe(exchange)}
	Publish(channel, exchange, "ignored", "info: one")
	Publish(channel, exchange, "ignored", "info: two")
	for _, each := range subscribers {
		Equal(Bodies(each.channel, each.queue, 2), []string{"info: one", "info: two"})
	}

	queue := subscribers[0].queue
	declareRefused(publisher, queue, amqp.ResourceLocked)
	for _, each := range subscribers {
		Check(each.connection.Close())
	}
	declareRefused(publisher, queue, amqp.NotFound)
	Check(channel.ExchangeDelete(exchange, false, false))
}
