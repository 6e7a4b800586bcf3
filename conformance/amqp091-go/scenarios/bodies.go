package scenarios

import (
	"bytes"
	"crypto/rand"
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("bodies", bodies) }

func bodies(connection *amqp.Connection) {
	sizes := []int{0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000}
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	sent := [][]byte{}
	for _, size := range sizes {
		body := make([]byte, size)
		Must(rand.Read(body))
		sent = append(sent, body)
		Check(channel.Publish("", queue, false, false, amqp.Publishing{Body: body}))
	}

	for index, message := range Receive(channel, queue, len(sent)) {
		if !bytes.Equal(message.Body, sent[index]) {
			panic(fmt.Sprintf("%d octets came as %d", sizes[index], len(message.Body)))
		}
	}
}
