package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("work_queue", workQueue) }

// worker consumes with prefetch 1 and acknowledges only when told to.
type worker struct {
	connection *amqp.Connection
	tasks      <-chan amqp.Delivery
}

func startWorker(queue string) worker {
	connection := Connect()
	channel := Must(connection.Channel())
	Must(channel.QueueDeclare(queue, true, false, false, false, nil))
	Check(channel.Qos(1, 0, false))
	tasks := Must(channel.Consume(queue, "", false, false, false, false, nil))
	return worker{connection, tasks}
}

func workQueue(boss *amqp.Connection) {
	queue := Name("task_queue")
	channel := Must(boss.Channel())
	Must(channel.QueueDeclare(queue, true, false, false, false, nil))
	publish := func(task string) {
		message := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(task)}
		Check(channel.Publish("", queue, false, false, message))
	}

	dropped, survivor := startWorker(queue), startWorker(queue)
	publish("dangerous")
	lost := Next(dropped.tasks)
	Equal(string(lost.Body), "dangerous")
	Equal(lost.Redelivered, false)
	Check(dropped.connection.Close())
	held := Next(survivor.tasks)
	Equal(string(held.Body), "dangerous")
	Equal(held.Redelivered, true)

	other := startWorker(queue)
	for number := 0; number < 4; number++ {
		publish(fmt.Sprint("quick ", number))
	}
	for number := 0; number < 4; number++ {
		task := Next(other.tasks)
		Equal(string(task.Body), fmt.Sprint("quick ", number))
		Check(task.Ack(false))
	}

	Check(held.Ack(false))
	Check(survivor.connection.Close())
	Check(other.connection.Close())
	Equal(Ready(channel, queue), 0)
	Must(channel.QueueDelete(queue, false, false, false))
}
