// Issues device certificates with Go's crypto/x509 for some seconds, key and
// certificate as PEM, in one and in all goroutines: go run issue.go SECONDS
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func issue(ca *x509.Certificate, caKey *ecdsa.PrivateKey, until time.Time) int {
	done := 0
	for time.Now().Before(until) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(err)
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
		check(err)
		template := &x509.Certificate{
			SerialNumber: serial,
			Subject:      pkix.Name{CommonName: fmt.Sprintf("device-%07d", done)},
			NotBefore:    time.Now(),
			NotAfter:     time.Now().AddDate(1, 0, 0),
			KeyUsage:     x509.KeyUsageDigitalSignature,
			ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, ca, &key.PublicKey, caKey)
		check(err)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		check(err)
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
		done++
	}
	return done
}

func main() {
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	check(err)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "CA"},
		NotBefore:             time.Now(),
		NotAfter:              time.Now().AddDate(5, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &caKey.PublicKey, caKey)
	check(err)
	ca, err := x509.ParseCertificate(der)
	check(err)
	for _, threads := range []int{1, runtime.NumCPU()} {
		start := time.Now()
		until := start.Add(time.Duration(seconds * float64(time.Second)))
		counts := make([]int, threads)
		var group sync.WaitGroup
		for index := range counts {
			group.Add(1)
			go func() {
				defer group.Done()
				counts[index] = issue(ca, caKey, until)
			}()
		}
		group.Wait()
		total := 0
		for _, count := range counts {
			total += count
		}
		fmt.Printf("%s %d %.1f\n", runtime.Version(), threads, float64(total)/time.Since(start).Seconds())
	}
}
