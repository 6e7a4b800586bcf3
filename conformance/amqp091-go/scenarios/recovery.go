package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { AddAlone("recovery", recovery) }

// The library brings back connection, channel, topology and consumers by itself.
func recovery() {
	connection, states := Recovering()
	channel := Confirming(connection)
	exchange, durable := Name("exchange"), Name("durable")
	Check(channel.ExchangeDeclare(exchange, "direct", true, false, false, false, nil))
	Must(channel.QueueDeclare(durable, true, false, false, false, nil))
	Check(channel.QueueBind(durable, "key", exchange, false, nil))
	transient := Name("transient")
	Must(channel.QueueDeclare(transient, false, false, true, false, nil))
	Check(channel.QueueBind(transient, "transient", exchange, false, nil))
	deliveries := Must(channel.Consume(transient, "", true, false, false, false, nil))
	persistent := amqp.Publishing{DeliveryMode: amqp.Persistent}
	PublishConfirmed(channel, exchange, "key", persistent, "1", "2")
	PublishConfirmed(channel, exchange, "key", amqp.Publishing{}, "lost")

	Control("/broker/kill")
	Equal(Await(states).To, amqp.StateReconnecting)
	Control("/broker/start")
	recovered := Await(states)
	Equal(recovered.To, amqp.StateOpen)
	Equal(len(recovered.SkippedTopologyEntities), 0)

	PublishConfirmed(channel, exchange, "transient", amqp.Publishing{}, "to the same consumer")
	Equal(string(Next(deliveries).Body), "to the same consumer")
	PublishConfirmed(channel, exchange, "key", persistent, "3")
	Equal(Bodies(channel, durable, 3), []string{"1", "2", "3"})
	Must(channel.QueueDelete(durable, false, false, false))
	Check(channel.ExchangeDelete(exchange, false, false))
	Check(connection.Close())
}
