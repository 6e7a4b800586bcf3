package scenarios

import (
	"os"
	"strings"

	. "conformance/support"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() { AddAlone("wrong_vhost", wrongVhost) }

func wrongVhost() {
	_, err := amqp.DialConfig(os.Getenv("AMQP_URI"), amqp.Config{Vhost: "no such host"})
	exception := Refused(err, amqp.NotAllowed)
	Equal(strings.Contains(exception.Reason, "vhost no such host not found"), true)
}
