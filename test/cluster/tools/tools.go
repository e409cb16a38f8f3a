//go:build tools

// Package tools names the programs that a cluster of a test consists of, so that go.mod says their versions.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
