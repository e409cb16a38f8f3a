// Verifies certificate chains by Go's crypto/x509. Reads one case a line from standard input: purpose, host name (empty
// for none), file of the roots, file of the chain, file of the key, divided by tabs; answers one line each.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

func verify(purpose, host, rootsFile, chainFile, keyFile string) error {
	pem, err := os.ReadFile(rootsFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate", rootsFile)
	}
	pair, err := tls.LoadX509KeyPair(chainFile, keyFile)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return err
	}
	intermediates := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		intermediates.AddCert(certificate)
	}
	usage := x509.ExtKeyUsageServerAuth
	if purpose == "client" {
		usage = x509.ExtKeyUsageClientAuth
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		DNSName:       host,
		Roots:         roots,
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{usage},
	})
	return err
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		fields := strings.Split(input.Text(), "\t")
		if err := verify(fields[0], fields[1], fields[2], fields[3], fields[4]); err != nil {
			fmt.Println("refused:", strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Println("accepted")
		}
	}
}
