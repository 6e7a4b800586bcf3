package support

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Control has the harness do something to the broker, or to this process (harness/control.py).
func Control(path string) {
	answer := Must(http.Get(os.Getenv("CONFORMANCE_CONTROL") + path))
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		panic(fmt.Sprintf("%s: %s", path, Must(io.ReadAll(answer.Body))))
	}
}

// ConnectWith opens a connection with options of its own.
func ConnectWith(config amqp.Config) *amqp.Connection {
	return Must(amqp.DialConfig(os.Getenv("AMQP_URI"), config))
}

// Recovering opens a connection that the library recovers, and tells its states.
func Recovering() (*amqp.Connection, <-chan *amqp.StateChanged) {
	often := &amqp.ReconnectionConfig{MaxRetryCount: 100, RetryInterval: Quiet}
	connection := ConnectWith(amqp.Config{Recovery: &amqp.Recovery{ReconnectionConfig: often}})
	states := make(chan *amqp.StateChanged, 1)
	connection.NotifyStateChange(states)
	return connection, states
}

// Await waits for the next value of a channel: a notice, for example.
func Await[T any](notices <-chan T) T {
	return AwaitFor(Patience, notices)
}

// AwaitFor waits for a value that may take longer.
func AwaitFor[T any](patience time.Duration, notices <-chan T) T {
	select {
	case notice, open := <-notices:
		if !open {
			panic("closed without a notice")
		}
		return notice
	case <-time.After(patience):
		panic("what was waited for did not come")
	}
}

// Eventually waits until a check holds.
func Eventually(check func() bool) {
	for deadline := time.Now().Add(Patience); !check(); time.Sleep(20 * time.Millisecond) {
		Equal(time.Now().Before(deadline), true)
	}
}
