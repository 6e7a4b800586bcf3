package scenarios

import (
	"fmt"
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("channel_exception", channelException) }

func channelException(connection *amqp.Connection) {
	missing := Name("missing")
	bystander := Must(connection.Channel())
	queue := Exclusive(bystander)

	channel := Must(connection.Channel())
	_, err := channel.QueueDeclarePassive(missing, false, false, false, false, nil)
	exception := Refused(err, amqp.NotFound)
	Equal(exception.Reason, fmt.Sprintf("NOT_FOUND - no queue '%s' in vhost '/'", missing))
	Equal(exception.Server, true)

	channel = Must(connection.Channel())
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	Publish(channel, missing, "", "lost")
	select {
	case exception := <-closed:
		Equal(exception.Code, amqp.NotFound)
		Equal(exception.Reason, fmt.Sprintf("NOT_FOUND - no exchange '%s' in vhost '/'", missing))
	case <-time.After(Patience):
		panic("a publish to a missing exchange went unnoticed")
	}

	Equal(connection.IsClosed(), false)
	Publish(bystander, "", queue, "still here")
	Equal(Bodies(bystander, queue, 1), []string{"still here"})
	Check(Must(connection.Channel()).Close())
}
