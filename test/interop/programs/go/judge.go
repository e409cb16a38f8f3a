// Judges certificates by Go's crypto/tls and crypto/x509 in a handshake; c/cases.h says what is read and answered.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"
)

func judge(role, port, host, rootsFile, chainFile, keyFile string) error {
	pem, err := os.ReadFile(rootsFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("roots: no certificate was read")
	}
	config := &tls.Config{
		RootCAs:    roots,
		ServerName: host,
		ClientCAs:  roots,
		ClientAuth: tls.RequireAndVerifyClientCert,
	}
	if chainFile != "" {
		pair, err := tls.LoadX509KeyPair(chainFile, keyFile)
		if err != nil {
			return fmt.Errorf("own certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	plain, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 10*time.Second)
	if err != nil {
		return err
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(10 * time.Second))
	connection := tls.Client(plain, config)
	if role == "server" {
		connection = tls.Server(plain, config)
	}
	if err := connection.Handshake(); err != nil {
		return err
	}
	// Closed at once with something unread, the connection would be reset, and what was just sent be lost.
	_ = plain.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, plain)
	return nil
}

func main() {
	fmt.Println("Go", strings.TrimPrefix(runtime.Version(), "go"))
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		fields := strings.Split(input.Text(), "\t")
		if err := judge(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]); err != nil {
			fmt.Println("refused:", strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Println("accepted")
		}
	}
}
