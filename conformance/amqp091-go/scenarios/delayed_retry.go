package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("delayed_retry", delayedRetry) }

const least, limit = 150 * time.Millisecond, 2

func delayedRetry(connection *amqp.Connection) {
	channel := Confirming(connection)
	queue, dead := Name("retried"), Name("dead")
	DeclareExclusive(channel, dead, nil)
	Must(channel.QueueDeclare(queue, true, false, false, false, amqp.Table{
		amqp.QueueTypeArg:           amqp.QueueTypeQuorum,
		"x-delayed-retry-type":      "failed",
		"x-delayed-retry-min":       least.Milliseconds(),
		"x-delayed-retry-max":       10 * least.Milliseconds(),
		"x-delivery-limit":          limit,
		"x-dead-letter-exchange":    "",
		"x-dead-letter-routing-key": dead,
	}))
	Check(channel.Qos(1, 0, false))
	PublishConfirmed(channel, "", queue, amqp.Publishing{}, "try", "other")
	jobs := Must(channel.Consume(queue, "", false, false, false, false, nil))
	var rejected time.Time
	for attempt := 0; attempt <= limit; attempt++ {
		job := Next(jobs)
		Equal(string(job.Body), "try")
		if attempt > 0 {
			Equal(job.Headers["x-delivery-count"], int64(attempt))
			Equal(time.Since(rejected) >= time.Duration(attempt)*least, true)
		}
		rejected = time.Now()
		Check(job.Reject(true))
		if attempt == 0 {
			other := Next(jobs)
			Equal(string(other.Body), "other")
			Check(other.Ack(false))
		}
	}
	Equal(Bodies(channel, dead, 1), []string{"try"})
	Must(channel.QueueDelete(queue, false, false, false))
}
