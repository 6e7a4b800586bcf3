package scenarios

import (
	"fmt"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("dead_letters", deadLetters) }

// Queue, reason and count of each death.
func told(delivery amqp.Delivery) []string {
	told := []string{}
	deaths, _ := delivery.Headers["x-death"].([]any)
	for _, death := range deaths {
		death := death.(amqp.Table)
		told = append(told, fmt.Sprint(death["queue"], " ", death["reason"], " ", death["count"]))
	}
	return told
}

func letters(channel *amqp.Channel) {
	exchange, dead, dying := Name("dlx"), Name("dead"), Name("dying")
	Check(channel.ExchangeDeclare(exchange, "topic", false, true, false, false, nil))
	DeclareExclusive(channel, dead, nil)
	Check(channel.QueueBind(dead, "#", exchange, false, nil))
	DeclareExclusive(channel, dying, amqp.Table{"x-dead-letter-exchange": exchange})

	message := amqp.Publishing{
		Expiration: "50", DeliveryMode: 2, Headers: amqp.Table{"n": int32(1)}, Body: []byte("expires"),
	}
	Check(channel.Publish("", dying, false, false, message))
	expired := Receive(channel, dead, 1)[0]
	Equal([]string{expired.Exchange, expired.RoutingKey}, []string{exchange, dying})
	Equal(expired.Expiration, "")
	Equal(expired.DeliveryMode, uint8(2))
	Equal(expired.Headers["n"], int32(1))
	Equal(told(expired), []string{dying + " expired 1"})
	Publish(channel, "", dying, "rejected")
	deliveries := Must(channel.Consume(dying, "", false, false, false, false, nil))
	Check(Next(deliveries).Reject(false))
	Equal(told(Receive(channel, dead, 1)[0]), []string{dying + " rejected 1"})
}

func attempts(channel *amqp.Channel) {
	work, wait := Name("work"), Name("wait")
	to := func(queue string) amqp.Table {
		return amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
	}
	DeclareExclusive(channel, work, to(wait))
	back := to(work)
	back["x-message-ttl"] = int32(50)
	DeclareExclusive(channel, wait, back)
	Publish(channel, "", work, "job")
	jobs := Must(channel.Consume(work, "", false, false, false, false, nil))
	for attempt := 0; attempt < 4; attempt++ {
		job := Next(jobs)
		expected := []string{}
		if attempt > 0 {
			expected = []string{
				fmt.Sprint(wait, " expired ", attempt), fmt.Sprint(work, " rejected ", attempt),
			}
		}
		Equal(told(job), expected)
		Check(job.Reject(false))
	}
}

func deadLetters(connection *amqp.Connection) {
	channel := Must(connection.Channel())
	letters(channel)
	attempts(channel)
}
