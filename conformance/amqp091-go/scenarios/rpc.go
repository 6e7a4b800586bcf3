package scenarios

import (
	"fmt"
	"strconv"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("rpc", rpc) }

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func serve(queue string) *amqp.Connection {
	connection := Connect()
	channel := Must(connection.Channel())
	Must(channel.QueueDeclare(queue, false, false, false, false, nil))
	Check(channel.Qos(1, 0, false))
	requests := Must(channel.Consume(queue, "", false, false, false, false, nil))
	go func() {
		for request := range requests {
			result := fib(Must(strconv.Atoi(string(request.Body))))
			Check(channel.Publish("", request.ReplyTo, false, false, amqp.Publishing{
				CorrelationId: request.CorrelationId,
				Body:          []byte(strconv.Itoa(result)),
			}))
			Check(request.Ack(false))
		}
	}()
	return connection
}

func rpc(client *amqp.Connection) {
	queue := Name("rpc_queue")
	server := serve(queue)
	channel := Must(client.Channel())
	callback := Exclusive(channel)
	calls := map[string]int{}
	for n := 10; n < 15; n++ {
		id := fmt.Sprint("call-", n)
		calls[id] = n
		Check(channel.Publish("", queue, false, false, amqp.Publishing{
			CorrelationId: id,
			ReplyTo:       callback,
			Body:          []byte(strconv.Itoa(n)),
		}))
	}

	for _, reply := range Receive(channel, callback, len(calls)) {
		n, known := calls[reply.CorrelationId]
		Equal(known, true)
		Equal(string(reply.Body), strconv.Itoa(fib(n)))
		delete(calls, reply.CorrelationId)
	}
	Must(channel.QueueDelete(queue, false, false, false))
	Check(server.Close())
}
