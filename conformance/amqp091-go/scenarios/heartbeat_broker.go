package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { AddAlone("heartbeat_broker", heartbeatBroker) }

func heartbeatBroker() {
	connection := ConnectWith(amqp.Config{Heartbeat: time.Second})
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	time.Sleep(1500 * time.Millisecond)
	Equal(connection.IsClosed(), false)

	Control("/broker/freeze")
	exception := AwaitFor(2*Patience, closed)
	Equal(exception.Code, amqp.FrameError)
	Equal(exception.Server, false)
	Equal(connection.IsClosed(), true)
	Control("/broker/thaw")

	connection = Connect()
	Check(Must(connection.Channel()).Close())
	Check(connection.Close())
}
