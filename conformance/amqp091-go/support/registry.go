package support

import amqp "github.com/rabbitmq/amqp091-go"

// Scenarios are all scenarios by name; each file of the scenarios package adds its own.
var Scenarios = map[string]func(*amqp.Connection){}

// Add makes a scenario known under its name.
func Add(name string, run func(*amqp.Connection)) {
	Scenarios[name] = run
}
