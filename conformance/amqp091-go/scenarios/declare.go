package scenarios

import (
	"fmt"
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("declare", declare) }

// declaredAgain is one declaration and the exception that it ends in.
type declaredAgain struct {
	code    int
	text    string
	declare func(*amqp.Channel) error
}

func refuseAll(connection *amqp.Connection, cases []declaredAgain) {
	for _, each := range cases {
		RefusedUse(connection, each.code, each.text, each.declare)
	}
}

func declare(connection *amqp.Connection) {
	queue, exchange := Name("queue"), Name("exchange")
	channel := Confirming(connection)
	declareQueue := func(channel *amqp.Channel, durable bool, arguments amqp.Table) (amqp.Queue, error) {
		return channel.QueueDeclare(queue, durable, false, false, false, arguments)
	}
	declareExchange := func(channel *amqp.Channel, name, kind string) error {
		return channel.ExchangeDeclare(name, kind, true, false, false, false, nil)
	}

	Equal(Must(declareQueue(channel, true, nil)), amqp.Queue{Name: queue})
	PublishConfirmed(channel, "", queue, amqp.Publishing{}, "kept")
	Equal(Must(declareQueue(channel, true, nil)), amqp.Queue{Name: queue, Messages: 1})
	Equal(Ready(channel, queue), 1)
	Check(declareExchange(channel, exchange, "topic"))
	Check(declareExchange(channel, exchange, "topic"))
	Check(channel.ExchangeDeclarePassive(exchange, "topic", true, false, false, false, nil))
	refuseAll(connection, []declaredAgain{
		{
			amqp.PreconditionFailed,
			fmt.Sprintf("PRECONDITION_FAILED - inequivalent arg 'durable' for queue '%s' in vhost '/'", queue),
			func(channel *amqp.Channel) error { _, err := declareQueue(channel, false, nil); return err },
		},
		{
			amqp.PreconditionFailed,
			fmt.Sprintf("PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '%s' in vhost '/'", queue),
			func(channel *amqp.Channel) error {
				_, err := declareQueue(channel, true, amqp.Table{"x-max-length": 5})
				return err
			},
		},
		{
			amqp.PreconditionFailed,
			fmt.Sprintf("PRECONDITION_FAILED - inequivalent arg 'type' for exchange '%s' in vhost '/'", exchange),
			func(channel *amqp.Channel) error { return declareExchange(channel, exchange, "fanout") },
		},
		{
			amqp.AccessRefused,
			"ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
			func(channel *amqp.Channel) error { return declareExchange(channel, "amq.mine", "fanout") },
		},
	})

	first, second := Exclusive(channel), Exclusive(channel)
	Equal(strings.HasPrefix(first, "amq.gen-"), true)
	Equal(first != second, true)

	Check(channel.ExchangeDelete(exchange, false, false))
	Equal(Must(channel.QueueDelete(queue, false, false, false)), 1)
	refuseAll(connection, []declaredAgain{
		{
			amqp.NotFound,
			fmt.Sprintf("NOT_FOUND - no queue '%s' in vhost '/'", queue),
			func(channel *amqp.Channel) error {
				_, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
				return err
			},
		},
		{
			amqp.NotFound,
			fmt.Sprintf("NOT_FOUND - no exchange '%s' in vhost '/'", exchange),
			func(channel *amqp.Channel) error {
				return channel.ExchangeDeclarePassive(exchange, "topic", true, false, false, false, nil)
			},
		},
	})
	Equal(Must(channel.QueueDelete(queue, false, false, false)), 0)
}
