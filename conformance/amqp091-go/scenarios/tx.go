package scenarios

import (
	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("tx", tx) }

func transactional(connection *amqp.Connection) *amqp.Channel {
	channel := Must(connection.Channel())
	Check(channel.Tx())
	return channel
}

func tx(connection *amqp.Connection) {
	queue := Name("tx")
	watcher := Must(connection.Channel())
	Must(watcher.QueueDeclare(queue, false, false, false, false, nil))
	channel := transactional(connection)
	Publish(channel, "", queue, "undone")
	Check(channel.TxRollback())
	Equal(Ready(watcher, queue), 0)

	Publish(channel, "", queue, "done")
	Equal(Ready(watcher, queue), 0)
	Check(channel.TxCommit())
	Equal(Ready(watcher, queue), 1)

	Check(get(channel, queue, "done").Ack(false))
	Check(channel.TxRollback())
	Check(channel.Close())
	Equal(Ready(watcher, queue), 1)

	channel = transactional(connection)
	Check(get(channel, queue, "done").Ack(false))
	Check(channel.TxCommit())
	Check(channel.Close())
	Equal(Ready(watcher, queue), 0)
	Must(watcher.QueueDelete(queue, false, false, false))
}
