package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("sender_selected", senderSelected) }

func senderSelected(connection *amqp.Connection) {
	exchange := Name("keys")
	channel := Confirming(connection)
	Check(channel.ExchangeDeclare(exchange, "direct", false, true, false, false, nil))
	queues := []string{}
	for _, key := range []string{"a", "b", "c"} {
		queue := Exclusive(channel)
		Check(channel.QueueBind(queue, key, exchange, false, nil))
		queues = append(queues, queue)
	}
	publish := func(exchange, key, text string, headers amqp.Table) {
		PublishConfirmed(channel, exchange, key, amqp.Publishing{Headers: headers}, text)
	}
	// Takes all messages; each queue has these, and none of them has BCC.
	received := func(expected ...[]string) []amqp.Delivery {
		all := []amqp.Delivery{}
		for index, queue := range queues {
			messages := Drain(channel, queue)
			Equal(Texts(messages), expected[index])
			all = append(all, messages...)
		}
		for _, message := range all {
			_, blind := message.Headers["BCC"]
			Equal(blind, false)
		}
		return all
	}

	publish(exchange, "a", "to all", amqp.Table{"CC": []any{"b", "a"}, "BCC": []any{"c"}})
	for _, message := range received([]string{"to all"}, []string{"to all"}, []string{"to all"}) {
		Equal(message.RoutingKey, "a")
		Equal(message.Headers["CC"], []any{"b", "a"})
	}

	publish(exchange, "nowhere", "only copies", amqp.Table{"CC": []any{"c"}})
	received([]string{}, []string{}, []string{"only copies"})

	copies := amqp.Table{"CC": []any{queues[1], Name("nowhere")}, "BCC": []any{queues[2]}}
	publish("", queues[0], "by name", copies)
	received([]string{"by name"}, []string{"by name"}, []string{"by name"})

	for _, header := range []string{"CC", "BCC"} {
		text := `PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"%s",longstr}`
		text = fmt.Sprintf(text, header)
		RefusedUse(connection, amqp.PreconditionFailed, text, func(channel *amqp.Channel) error {
			message := amqp.Publishing{Headers: amqp.Table{header: "b"}}
			return channel.Publish("", "a", false, false, message)
		})
	}
}
