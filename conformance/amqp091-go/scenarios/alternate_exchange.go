package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("alternate_exchange", alternateExchange) }

func alternateExchange(connection *amqp.Connection) {
	main, second, last := Name("main"), Name("second"), Name("last")
	channel := Confirming(connection)
	declare := func(channel *amqp.Channel, exchange, kind, alternate string) error {
		arguments := amqp.Table{}
		if alternate != "" {
			arguments["alternate-exchange"] = alternate
		}
		return channel.ExchangeDeclare(exchange, kind, false, false, false, false, arguments)
	}
	Check(declare(channel, last, "fanout", ""))
	Check(declare(channel, second, "topic", last))
	Check(declare(channel, main, "direct", second))
	bound, caught, rest := Exclusive(channel), Exclusive(channel), Exclusive(channel)
	Check(channel.QueueBind(bound, "bound", main, false, nil))
	Check(channel.QueueBind(caught, "caught.*", second, false, nil))
	Check(channel.QueueBind(rest, "", last, false, nil))

	keys := map[string]string{bound: "bound", caught: "caught.here", rest: "anything"}
	for _, key := range keys {
		PublishConfirmed(channel, main, key, amqp.Publishing{}, key)
	}
	for queue, key := range keys {
		messages := Drain(channel, queue)
		Equal(Texts(messages), []string{key})
		Equal([]string{messages[0].Exchange, messages[0].RoutingKey}, []string{main, key})
	}

	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	message := amqp.Publishing{Body: []byte("not returned")}
	confirmation := Must(channel.PublishWithDeferredConfirm(main, "anything", true, false, message))
	Equal(confirmation.Wait(), true)
	Equal(len(returns), 0)
	Equal(Texts(Drain(channel, rest)), []string{"not returned"})

	text := "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '%s' in vhost '/': " +
		"received '%s' but current is '"
	text = fmt.Sprintf(text, main, last)
	RefusedUse(connection, amqp.PreconditionFailed, text, func(channel *amqp.Channel) error {
		return declare(channel, main, "direct", last)
	})
	for _, exchange := range []string{main, second, last} {
		Check(channel.ExchangeDelete(exchange, false, false))
	}
}
