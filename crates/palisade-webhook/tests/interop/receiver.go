// Runs the receivers of the guide over lines of JSON, one answer a line.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"time"
)

type request struct {
	Scheme, Secret, Body string
	Headers              map[string]string
	Now                  int64
}

func main() {
	fmt.Printf("{\"version\": %q}\n", runtime.Version())
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var given request
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			panic(err)
		}
		raw, err := hex.DecodeString(given.Body)
		if err != nil {
			panic(err)
		}
		header := http.Header{}
		for name, value := range given.Headers {
			header.Set(name, value)
		}
		var verdict bool
		if given.Scheme == "glacis" {
			verdict = VerifyGlacis(given.Secret, header.Get("x-glacis-signature"), raw)
		} else {
			verdict = VerifyStandard(given.Secret, header, raw, time.Unix(given.Now, 0))
		}
		fmt.Printf("{\"verdict\": %v}\n", verdict)
	}
}
