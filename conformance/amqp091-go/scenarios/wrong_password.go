package scenarios

import (
	"os"
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { Add("wrong_password", wrongPassword) }

func wrongPassword(*amqp.Connection) {
	uri := strings.Replace(os.Getenv("AMQP_URI"), "guest:guest", "guest:wrong", 1)
	_, err := amqp.Dial(uri)
	exception := Refused(err, amqp.AccessRefused)
	Equal(strings.Contains(exception.Reason, "username or password not allowed"), true)
}
