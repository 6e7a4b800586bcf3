package scenarios

import (
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("headers_exchange", headersExchange) }

func headersExchange(connection *amqp.Connection) {
	exchange := Name("headers")
	channel := Confirming(connection)
	Check(channel.ExchangeDeclare(exchange, "headers", false, true, false, false, nil))
	all, either := Exclusive(channel), Exclusive(channel)
	for queue, match := range map[string]string{all: "all", either: "any"} {
		wanted := amqp.Table{"x-match": match, "format": "pdf", "pages": int32(2)}
		Check(channel.QueueBind(queue, "ignored", exchange, false, wanted))
	}

	publish := func(text string, headers amqp.Table) {
		PublishConfirmed(channel, exchange, "", amqp.Publishing{Headers: headers}, text)
	}
	publish("both", amqp.Table{"format": "pdf", "pages": int32(2), "x": int32(1)})
	publish("one", amqp.Table{"format": "pdf", "pages": int32(3)})
	publish("none", amqp.Table{"format": "PDF"})
	publish("bare", nil)

	Equal(Bodies(channel, all, 1), []string{"both"})
	Equal(Bodies(channel, either, 2), []string{"both", "one"})
	Equal(Ready(channel, all), 0)
	Equal(Ready(channel, either), 0)

	wrong := Must(connection.Channel()).QueueBind(all, "", exchange, false, amqp.Table{"x-match": "some"})
	exception := Refused(wrong, amqp.PreconditionFailed)
	Equal(strings.Contains(exception.Reason, "Invalid x-match field value"), true)
}
