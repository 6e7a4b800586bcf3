package scenarios

import (
	"fmt"
	"sync"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("concurrent_publishers", concurrentPublishers) }

const publishers, messages = 8, 250

// publishAll publishes on a channel of its own and waits for the confirms at the end.
func publishAll(connection *amqp.Connection, queue string, publisher int) {
	channel := Confirming(connection)
	confirmations := []*amqp.DeferredConfirmation{}
	for number := 0; number < messages; number++ {
		message := amqp.Publishing{Body: []byte(fmt.Sprint(publisher, " ", number))}
		confirmation := Must(channel.PublishWithDeferredConfirm("", queue, false, false, message))
		confirmations = append(confirmations, confirmation)
	}
	for _, confirmation := range confirmations {
		Equal(confirmation.Wait(), true)
	}
}

func concurrentPublishers(connection *amqp.Connection) {
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	var all sync.WaitGroup
	for publisher := 0; publisher < publishers; publisher++ {
		all.Add(1)
		go func(publisher int) {
			defer all.Done()
			publishAll(connection, queue, publisher)
		}(publisher)
	}
	all.Wait()

	next := [publishers]int{}
	for _, text := range Bodies(channel, queue, publishers*messages) {
		var publisher, number int
		Must(fmt.Sscan(text, &publisher, &number))
		Equal(number, next[publisher])
		next[publisher]++
	}
	Equal(Ready(channel, queue), 0)
}
