//go:build tools

// Package kustomize names the program that builds overlays in tests, so that go.mod says its version.
package kustomize

import _ "sigs.k8s.io/kustomize/kustomize/v5"
