package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("routing", routing) }

func routing(connection *amqp.Connection) {
	exchange := Name("direct_logs")
	channel := Must(connection.Channel())
	Check(channel.ExchangeDeclare(exchange, "direct", false, false, false, false, nil))
	errors, everything := Exclusive(channel), Exclusive(channel)
	Check(channel.QueueBind(errors, "error", exchange, false, nil))
	for _, severity := range []string{"info", "warning", "error"} {
		Check(channel.QueueBind(everything, severity, exchange, false, nil))
	}

	for _, severity := range []string{"info", "error", "debug", "warning"} {
		Publish(channel, exchange, severity, severity)
	}

	Equal(Bodies(channel, errors, 1), []string{"error"})
	Equal(Bodies(channel, everything, 3), []string{"info", "error", "warning"})
	Equal(Ready(channel, errors), 0)
	Equal(Ready(channel, everything), 0)
	Check(channel.ExchangeDelete(exchange, false, false))
}
