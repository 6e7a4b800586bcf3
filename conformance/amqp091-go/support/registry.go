package support

import amqp "github.com/rabbitmq/amqp091-go"

// Scenarios are all scenarios by name; each file of the scenarios package adds its own.
var Scenarios = map[string]func(){}

// Add makes a scenario known under its name; it gets a connection, which has to be open at the end.
func Add(name string, run func(*amqp.Connection)) {
	AddAlone(name, func() {
		connection := Connect()
		run(connection)
		Check(connection.Close())
	})
}

// AddAlone makes a scenario known that opens its connections itself.
func AddAlone(name string, run func()) {
	Scenarios[name] = run
}
