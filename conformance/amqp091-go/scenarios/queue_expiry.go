package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("queue_expiry", queueExpiry) }

const expires = 800 * time.Millisecond

// awaitEnd waits until a queue is gone; to look is to use it, so this looks seldom.
func awaitEnd(connection *amqp.Connection, queue string) {
	for deadline := time.Now().Add(Patience); queueIsThere(connection, queue); time.Sleep(expires * 5 / 4) {
		Equal(time.Now().Before(deadline), true)
	}
}

func queueExpiry(connection *amqp.Connection) {
	idle, used, dead := Name("idle"), Name("used"), Name("dead")
	channel, consumer := Confirming(connection), Must(connection.Channel())
	DeclareExclusive(channel, dead, nil)
	arguments := amqp.Table{
		amqp.QueueTTLArg:            expires.Milliseconds(),
		"x-dead-letter-exchange":    "",
		"x-dead-letter-routing-key": dead,
	}
	Must(consumer.QueueDeclare(used, true, false, false, false, arguments))
	Must(consumer.Consume(used, "", false, false, false, false, nil))
	Must(channel.QueueDeclare(idle, true, false, false, false, arguments))
	PublishConfirmed(channel, "", idle, amqp.Publishing{}, "goes with its queue")

	awaitEnd(connection, idle)
	getEmpty(channel, dead)
	state := Must(channel.QueueDeclarePassive(used, true, false, false, false, nil))
	Equal(state, amqp.Queue{Name: used, Consumers: 1})
	Check(consumer.Close())
	awaitEnd(connection, used)

	RefusedArgument(connection, amqp.QueueTTLArg, 0, "{value_zero,0}")
	RefusedArgument(connection, amqp.QueueTTLArg, -1, "{value_negative,-1}")
}
