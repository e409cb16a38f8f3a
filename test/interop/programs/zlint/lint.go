// Lints certificates by zlint. Reads one PEM file a line from standard input; answers one line of JSON each, what was
// found by which lint. The first line of all is the linter's name and version.
package main

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

type finding struct {
	Lint     string `json:"lint"`
	Severity string `json:"severity"`
	Details  string `json:"details"`
}

// What holds for every PKI. The rest are rules of the web's root programmes and of European law.
var sources = lint.SourceList{
	lint.RFC3279, lint.RFC5280, lint.RFC5480, lint.RFC5891, lint.RFC6960, lint.RFC8813, lint.Community,
}

func check(file string, registry lint.Registry) ([]finding, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return []finding{{"parse", "error", err.Error()}}, nil
	}
	found := []finding{}
	for name, result := range zlint.LintCertificateEx(certificate, registry).Results {
		if result.Status >= lint.Notice {
			found = append(found, finding{name, result.Status.String(), result.Details})
		}
	}
	return found, nil
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/zmap/zlint/v3" {
			return module.Version
		}
	}
	return "unknown"
}

func main() {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{IncludeSources: sources})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("zlint", version())
	output := json.NewEncoder(os.Stdout)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		found, err := check(input.Text(), registry)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = output.Encode(found)
	}
}
