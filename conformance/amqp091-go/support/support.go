// Package support holds what every amqp091-go scenario needs: the broker's
// address, names of its own, and checks that end the process.
package support

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Patience is how long something that should come is waited for.
const Patience = 10 * time.Second

// Quiet is the silence after which nothing more is expected.
const Quiet = 300 * time.Millisecond

// Must unwraps a result that comes without an error.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// Check ends the scenario when there is an error.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

// Equal ends the scenario when the two values differ.
func Equal(got, want any) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Sprintf("got %#v, want %#v", got, want))
	}
}

// Refused ends the scenario unless err is the broker's exception with this code.
func Refused(err error, code int) *amqp.Error {
	exception, ok := err.(*amqp.Error)
	if !ok || exception == nil {
		panic(fmt.Sprintf("got %v, want code %d", err, code))
	}
	Equal(exception.Code, code)
	return exception
}

// RefusedUse sees that the broker closes a channel for its use, with this code and start of the text.
func RefusedUse(connection *amqp.Connection, code int, text string, use func(*amqp.Channel) error) {
	channel := Must(connection.Channel())
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	if err := use(channel); err != nil {
		Refused(err, code)
	}
	exception := Await(closed)
	Equal(exception.Code, code)
	if !strings.HasPrefix(exception.Reason, text) {
		panic(fmt.Sprintf("%q, not %q", exception.Reason, text))
	}
}

// RefusedArgument sees that a queue is refused for the value of an argument, with this reason.
func RefusedArgument(connection *amqp.Connection, argument string, value any, reason string) {
	queue := Name("refused")
	text := "PRECONDITION_FAILED - invalid arg '%s' for queue '%s' in vhost '/': %s"
	text = fmt.Sprintf(text, argument, queue, reason)
	RefusedUse(connection, amqp.PreconditionFailed, text, func(channel *amqp.Channel) error {
		_, err := channel.QueueDeclare(queue, false, false, false, false, amqp.Table{argument: value})
		return err
	})
}

// Connect opens a connection of its own.
func Connect() *amqp.Connection {
	return Must(amqp.Dial(os.Getenv("AMQP_URI")))
}

// Name is a queue or exchange name that no other scenario uses.
func Name(suffix string) string {
	return os.Getenv("CONFORMANCE_PREFIX") + "." + suffix
}

// Exclusive declares a server-named exclusive queue.
func Exclusive(channel *amqp.Channel) string {
	return Must(channel.QueueDeclare("", false, false, true, false, nil)).Name
}

// DeclareExclusive declares an exclusive queue with these arguments.
func DeclareExclusive(channel *amqp.Channel, queue string, arguments amqp.Table) {
	Must(channel.QueueDeclare(queue, false, false, true, false, arguments))
}

// Publish sends a text through an exchange.
func Publish(channel *amqp.Channel, exchange, key, text string) {
	Check(channel.Publish(exchange, key, false, false, amqp.Publishing{Body: []byte(text)}))
}

// PublishConfirmed sends texts with these properties and waits until each is confirmed.
func PublishConfirmed(channel *amqp.Channel, exchange, key string, message amqp.Publishing, texts ...string) {
	for _, text := range texts {
		message.Body = []byte(text)
		confirmation := Must(channel.PublishWithDeferredConfirm(exchange, key, false, false, message))
		Equal(confirmation.Wait(), true)
	}
}

// Confirming opens a channel whose publishes are confirmed.
func Confirming(connection *amqp.Connection) *amqp.Channel {
	channel := Must(connection.Channel())
	Check(channel.Confirm(false))
	return channel
}

// Ready is the number of messages that wait in a queue.
func Ready(channel *amqp.Channel, queue string) int {
	return Must(channel.QueueDeclarePassive(queue, false, false, false, false, nil)).Messages
}

// Next awaits one delivery.
func Next(deliveries <-chan amqp.Delivery) amqp.Delivery {
	return Await(deliveries)
}

// Take awaits some deliveries and sees that no more follow.
func Take(deliveries <-chan amqp.Delivery, count int) []amqp.Delivery {
	taken := []amqp.Delivery{}
	for len(taken) < count {
		taken = append(taken, Next(deliveries))
	}
	select {
	case extra, open := <-deliveries:
		if open {
			panic(fmt.Sprintf("a delivery too many: %q", extra.Body))
		}
	case <-time.After(Quiet):
	}
	return taken
}

// Receive takes the next messages of a queue, acknowledged automatically.
func Receive(channel *amqp.Channel, queue string, count int) []amqp.Delivery {
	deliveries := Must(channel.Consume(queue, queue, true, false, false, false, nil))
	messages := []amqp.Delivery{}
	for len(messages) < count {
		messages = append(messages, Next(deliveries))
	}
	Check(channel.Cancel(queue, false))
	return messages
}

// Bodies takes the next messages of a queue as texts.
func Bodies(channel *amqp.Channel, queue string, count int) []string {
	return Texts(Receive(channel, queue, count))
}

// Drain takes all that is ready in a queue, by basic.get.
func Drain(channel *amqp.Channel, queue string) []amqp.Delivery {
	messages := []amqp.Delivery{}
	for {
		message, some, err := channel.Get(queue, true)
		Check(err)
		if !some {
			return messages
		}
		messages = append(messages, message)
	}
}

// Texts are the bodies of messages.
func Texts(messages []amqp.Delivery) []string {
	texts := []string{}
	for _, message := range messages {
		texts = append(texts, string(message.Body))
	}
	return texts
}
