// Runs the scenario named on the command line against the broker at AMQP_URI.
package main

import (
	"os"

	_ "conformance/scenarios"
	"conformance/support"
)

func main() {
	run, known := support.Scenarios[os.Args[1]]
	if !known {
		panic("no scenario " + os.Args[1])
	}
	run()
}
