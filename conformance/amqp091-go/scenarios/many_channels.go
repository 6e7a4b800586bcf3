package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("many_channels", manyChannels) }

func manyChannels(connection *amqp.Connection) {
	channels := []*amqp.Channel{}
	for len(channels) < 1000 {
		channels = append(channels, Must(connection.Channel()))
	}
	queue := Exclusive(channels[0])
	for number, channel := range channels {
		Publish(channel, "", queue, fmt.Sprint(number))
		message, some, err := channel.Get(queue, true)
		Check(err)
		Equal(some, true)
		Equal(string(message.Body), fmt.Sprint(number))
	}
	for _, channel := range channels {
		Check(channel.Close())
	}
	Check(Must(connection.Channel()).Close())
}
