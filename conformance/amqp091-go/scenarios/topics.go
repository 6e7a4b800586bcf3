package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("topics", topics) }

var topicKeys = []string{
	"quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox", "lazy.brown.fox",
	"lazy.pink.rabbit", "quick.brown.fox", "orange", "quick.orange.new.rabbit",
	"lazy.orange.new.rabbit", "lazy",
}

var topicSubscriptions = []struct{ bindings, expected []string }{
	{
		[]string{"*.orange.*"},
		[]string{"quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox"},
	},
	{
		[]string{"*.*.rabbit", "lazy.#"},
		[]string{
			"quick.orange.rabbit", "lazy.orange.elephant", "lazy.brown.fox",
			"lazy.pink.rabbit", "lazy.orange.new.rabbit", "lazy",
		},
	},
	{[]string{"#"}, topicKeys},
}

func topics(connection *amqp.Connection) {
	exchange := Name("topic_logs")
	channel := Must(connection.Channel())
	Check(channel.ExchangeDeclare(exchange, "topic", false, false, false, false, nil))
	queues := []string{}
	for _, subscription := range topicSubscriptions {
		queue := Exclusive(channel)
		for _, key := range subscription.bindings {
			Check(channel.QueueBind(queue, key, exchange, false, nil))
		}
		queues = append(queues, queue)
	}

	for _, key := range topicKeys {
		Publish(channel, exchange, key, key)
	}

	for index, subscription := range topicSubscriptions {
		expected := subscription.expected
		Equal(Bodies(channel, queues[index], len(expected)), expected)
		Equal(Ready(channel, queues[index]), 0)
	}
	Check(channel.ExchangeDelete(exchange, false, false))
}
