package scenarios

import (
	"fmt"
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("qos", qos) }

func filled(connection *amqp.Connection) (*amqp.Channel, string) {
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	Check(channel.Confirm(false))
	for number := 0; number < 10; number++ {
		message := amqp.Publishing{Body: []byte(fmt.Sprint(number))}
		confirmation := Must(channel.PublishWithDeferredConfirm("", queue, false, false, message))
		Equal(confirmation.Wait(), true)
	}
	return channel, queue
}

// awaitReady sees that a queue comes down to this many messages and stays there.
func awaitReady(channel *amqp.Channel, queue string, count int) {
	for deadline := time.Now().Add(Patience); Ready(channel, queue) > count; {
		Equal(time.Now().Before(deadline), true)
		time.Sleep(Quiet / 10)
	}
	time.Sleep(Quiet)
	Equal(Ready(channel, queue), count)
}

func qos(connection *amqp.Connection) {
	channel, queue := filled(connection)
	Check(channel.Qos(2, 0, false))
	first := Must(channel.Consume(queue, "", false, false, false, false, nil))
	taken := Take(first, 2)
	Check(taken[0].Ack(false))
	taken = Take(first, 1)
	Check(taken[0].Ack(true))
	Take(first, 2)
	second := Must(channel.Consume(queue, "", false, false, false, false, nil))
	Take(second, 2)
	Take(first, 0)
	Check(channel.Close())

	channel, queue = filled(connection)
	Check(channel.Qos(3, 0, true))
	first = Must(channel.Consume(queue, "", false, false, false, false, nil))
	Must(channel.Consume(queue, "", false, false, false, false, nil))
	Take(first, 3)
	awaitReady(channel, queue, 7)
	Check(channel.Qos(5, 0, true))
	awaitReady(channel, queue, 5)
}
