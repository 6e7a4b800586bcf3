package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("consistent_hash", consistentHash) }

const customers, each = 40, 2

func declareHash(channel *amqp.Channel, exchange string, arguments amqp.Table) error {
	return channel.ExchangeDeclare(exchange, "x-consistent-hash", false, true, false, false, arguments)
}

// spread publishes each customer's messages and sees that they go to one queue of several.
func spread(channel *amqp.Channel, kind string, arguments amqp.Table) {
	exchange := Name(kind)
	Check(declareHash(channel, exchange, arguments))
	queues := []string{}
	for _, weight := range []string{"10", "20", "10"} {
		queue := Exclusive(channel)
		Check(channel.QueueBind(queue, weight, exchange, false, nil))
		queues = append(queues, queue)
	}
	for number := 0; number < customers*each; number++ {
		customer, key := fmt.Sprint(number%customers), "same"
		if kind == "key" {
			key = customer
		}
		headers := amqp.Table{"customer": customer}
		message := amqp.Publishing{Headers: headers, CorrelationId: customer}
		PublishConfirmed(channel, exchange, key, message, customer)
	}

	came := map[string]int{}
	for _, queue := range queues {
		here := map[string]int{}
		for _, customer := range Texts(Drain(channel, queue)) {
			here[customer]++
		}
		Equal(len(here) > 0, true)
		for customer, count := range here {
			Equal(count, each)
			came[customer] += count
		}
	}
	Equal(len(came), customers)
	for _, count := range came {
		Equal(count, each)
	}
}

func consistentHash(connection *amqp.Connection) {
	channel := Confirming(connection)
	spread(channel, "key", nil)
	spread(channel, "header", amqp.Table{"hash-header": "customer"})
	spread(channel, "property", amqp.Table{"hash-property": "correlation_id"})

	refused := func(text string, use func(*amqp.Channel) error) {
		RefusedUse(connection, amqp.PreconditionFailed, "PRECONDITION_FAILED - "+text, use)
	}
	exchange, queue := Name("wrong"), Exclusive(channel)
	Check(declareHash(channel, exchange, nil))
	for weight, text := range map[string]string{"0": "must be greater than 0", "x": "must be an integer"} {
		refused("The binding key "+text, func(channel *amqp.Channel) error {
			return channel.QueueBind(queue, weight, exchange, false, nil)
		})
	}
	refused("hash-header and hash-property are mutually exclusive", func(channel *amqp.Channel) error {
		both := amqp.Table{"hash-header": "a", "hash-property": "message_id"}
		return declareHash(channel, Name("both"), both)
	})
	refused("Unsupported property: app_id", func(channel *amqp.Channel) error {
		return declareHash(channel, Name("other"), amqp.Table{"hash-property": "app_id"})
	})
	Check(channel.ExchangeDelete(exchange, false, false))
}
