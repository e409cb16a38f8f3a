// Shows a certificate and signs with the key of another: TLS libraries for clients refuse to, Go's does as it is told.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

func main() {
	address, chain, key, version := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	certificate := tls.Certificate{}
	for rest := read(chain); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		certificate.Certificate = append(certificate.Certificate, block.Bytes)
	}
	block, _ := pem.Decode(read(key))
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	certificate.PrivateKey = signer
	connection, err := tls.Dial("tcp", address, &tls.Config{
		MinVersion: versions[version],
		MaxVersion: versions[version],
		// Whom it talks to is not what is tried out here.
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &certificate, nil
		},
	})
	if err == nil {
		// In TLS 1.3 the verdict comes after the handshake.
		_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = connection.Read(make([]byte, 1))
	}
	fmt.Println(err)
}

func read(file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return text
}
