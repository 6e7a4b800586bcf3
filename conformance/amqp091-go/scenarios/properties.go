package scenarios

import (
	"time"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("properties", properties) }

func properties(connection *amqp.Connection) {
	moment := time.Unix(1_700_000_000, 0)
	headers := amqp.Table{
		"text":    "grüße",
		"octets":  []byte{0, 255},
		"true":    true,
		"false":   false,
		"byte":    byte(200),
		"int8":    int8(-7),
		"int16":   int16(-30_000),
		"int32":   int32(-70_000),
		"int64":   int64(1) << 40,
		"float32": float32(0.5),
		"float64": 0.1,
		"decimal": amqp.Decimal{Scale: 2, Value: 1234},
		"time":    moment,
		"nothing": nil,
		"list":    []any{"one", int32(2), []any{true, nil}, amqp.Table{"k": "v"}},
		"table":   amqp.Table{"inner": amqp.Table{"deep": int32(1)}, "empty": amqp.Table{}},
	}
	channel := Must(connection.Channel())
	queue := Exclusive(channel)
	Check(channel.Publish("", queue, false, false, amqp.Publishing{
		Headers:         headers,
		ContentType:     "application/json",
		ContentEncoding: "gzip",
		DeliveryMode:    amqp.Persistent,
		Priority:        5,
		CorrelationId:   "c-1",
		ReplyTo:         "somewhere",
		MessageId:       "m-1",
		Timestamp:       moment,
		Type:            "kind",
		UserId:          "guest",
		AppId:           "conformance",
		Body:            []byte("all"),
	}))
	Publish(channel, "", queue, "none")

	messages := Receive(channel, queue, 2)
	every, none := messages[0], messages[1]
	Equal(len(every.Headers), len(headers))
	for key, value := range headers {
		Equal(every.Headers[key], value)
	}
	Equal(every.ContentType, "application/json")
	Equal(every.ContentEncoding, "gzip")
	Equal(every.DeliveryMode, amqp.Persistent)
	Equal(every.Priority, uint8(5))
	Equal(every.CorrelationId, "c-1")
	Equal(every.ReplyTo, "somewhere")
	Equal(every.MessageId, "m-1")
	Equal(every.Timestamp, moment)
	Equal(every.Type, "kind")
	Equal(every.UserId, "guest")
	Equal(every.AppId, "conformance")

	Equal(len(none.Headers), 0)
	texts := []string{none.ContentType, none.CorrelationId, none.ReplyTo, none.MessageId, none.UserId}
	Equal(texts, make([]string, len(texts)))
	Equal(none.Timestamp.IsZero(), true)
}
