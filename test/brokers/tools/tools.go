//go:build tools

// Package tools pins the brokers that are built from Go modules.
package tools

import _ "github.com/nats-io/nats-server/v2"
