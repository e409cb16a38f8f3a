// Opens files of age as its own library does. Reads one case a line from standard input: the identity, and the file in
// base64, divided by a space; answers SHA-256 of the content in hex, or why it is refused. Says first what it is.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"filippo.io/age"
)

func open(line string) (string, error) {
	text, file, _ := strings.Cut(line, " ")
	identities, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	sealed, err := base64.StdEncoding.DecodeString(file)
	if err != nil {
		return "", err
	}
	reader, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	_, err = io.Copy(digest, reader)
	return hex.EncodeToString(digest.Sum(nil)), err
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "filippo.io/age" {
			return "age " + module.Version
		}
	}
	return "age"
}

func main() {
	fmt.Println(version())
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		plain, err := open(strings.TrimSuffix(line, "\n"))
		if err != nil {
			fmt.Println("refused:", err)
		} else {
			fmt.Println("plain:", plain)
		}
	}
}
