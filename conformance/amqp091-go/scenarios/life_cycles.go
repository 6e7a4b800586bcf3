package scenarios

import (
	"fmt"
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("life_cycles", lifeCycles) }

func found(err error) bool {
	if err != nil {
		Refused(err, amqp.NotFound)
	}
	return err == nil
}

func queueIsThere(connection *amqp.Connection, queue string) bool {
	channel := Must(connection.Channel())
	_, err := channel.QueueDeclarePassive(queue, false, false, false, false, nil)
	return found(err)
}

func exchangeIsThere(connection *amqp.Connection, exchange string) bool {
	channel := Must(connection.Channel())
	return found(channel.ExchangeDeclarePassive(exchange, "fanout", false, true, false, false, nil))
}

func exclusiveQueue(other *amqp.Connection) {
	owner := Connect()
	queue := Name("exclusive")
	Must(Must(owner.Channel()).QueueDeclare(queue, false, false, true, false, nil))
	uses := []func(*amqp.Channel) error{
		func(channel *amqp.Channel) error {
			_, err := channel.QueueDeclarePassive(queue, false, false, true, false, nil)
			return err
		},
		func(channel *amqp.Channel) error {
			_, err := channel.Consume(queue, "", false, false, false, false, nil)
			return err
		},
		func(channel *amqp.Channel) error {
			_, err := channel.QueueDelete(queue, false, false, false)
			return err
		},
	}
	text := "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '%s' in vhost '/'"
	for _, use := range uses {
		exception := Refused(use(Must(other.Channel())), amqp.ResourceLocked)
		Equal(strings.HasPrefix(exception.Reason, fmt.Sprintf(text, queue)), true)
	}
	Check(owner.Close())
	Eventually(func() bool { return !queueIsThere(other, queue) })
}

func autoDeleteQueue(connection *amqp.Connection) {
	queue := Name("auto-delete")
	channel := Must(connection.Channel())
	consume := func(tag string) {
		Must(channel.Consume(queue, tag, false, false, false, false, nil))
	}
	Must(channel.QueueDeclare(queue, false, true, false, false, nil))
	consume("first")
	consume("second")
	Check(channel.Cancel("first", false))
	Equal(queueIsThere(connection, queue), true)
	Check(channel.Cancel("second", false))
	Equal(queueIsThere(connection, queue), false)

	Must(channel.QueueDeclare(queue, false, true, false, false, nil))
	consume("third")
	Check(channel.Close())
	Eventually(func() bool { return !queueIsThere(connection, queue) })
}

func autoDeleteExchange(connection *amqp.Connection) {
	exchange := Name("exchange")
	channel := Must(connection.Channel())
	Check(channel.ExchangeDeclare(exchange, "fanout", false, true, false, false, nil))
	first, second := Exclusive(channel), Exclusive(channel)
	Check(channel.QueueBind(first, "", exchange, false, nil))
	Check(channel.QueueBind(second, "", exchange, false, nil))
	Check(channel.QueueUnbind(first, "", exchange, nil))
	Equal(exchangeIsThere(connection, exchange), true)
	Must(channel.QueueDelete(second, false, false, false))
	Equal(exchangeIsThere(connection, exchange), false)
}

func lifeCycles(connection *amqp.Connection) {
	exclusiveQueue(connection)
	autoDeleteQueue(connection)
	autoDeleteExchange(connection)
}
