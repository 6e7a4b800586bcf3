package scenarios

import (
	"context"
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("publisher_confirms", publisherConfirms) }

func publisherConfirms(connection *amqp.Connection) {
	queue := Name("confirms")
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	channel := Must(connection.Channel())
	Must(channel.QueueDeclare(queue, true, false, false, false, nil))
	Check(channel.Confirm(false))
	publish := func(key, text string) *amqp.DeferredConfirmation {
		message := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(text)}
		return Must(channel.PublishWithDeferredConfirmWithContext(ctx, "", key, false, false, message))
	}

	for number := 0; number < 20; number++ {
		confirmation := publish(queue, fmt.Sprint("single ", number))
		Equal(confirmation.DeliveryTag, uint64(number+1))
		Equal(Must(confirmation.WaitContext(ctx)), true)
	}
	Equal(Ready(channel, queue), 20)

	batch := []*amqp.DeferredConfirmation{}
	for number := 0; number < 500; number++ {
		batch = append(batch, publish(queue, fmt.Sprint("batch ", number)))
	}
	for _, confirmation := range batch {
		Equal(Must(confirmation.WaitContext(ctx)), true)
	}
	Equal(Ready(channel, queue), 520)

	Equal(Must(publish(Name("nowhere"), "dropped").WaitContext(ctx)), true)
	Equal(Must(channel.QueueDelete(queue, false, false, false)), 520)
}
