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
	Odd                  [2]string
}

func answer(given request) string {
	raw, err := hex.DecodeString(given.Body)
	if err != nil {
		panic(err)
	}
	header := http.Header{}
	for name, value := range given.Headers {
		header.Set(name, value)
	}
	switch name, kind := given.Odd[0], given.Odd[1]; kind {
	case "":
	case "twice":
		header.Add(name, header.Get(name))
	case "two":
		header.Add(name, "another")
	case "no values":
		header[http.CanonicalHeaderKey(name)] = nil
	case "nil":
		header, raw = nil, nil
	default:
		panic(kind)
	}
	var verdict bool
	if given.Scheme == "glacis" {
		verify, err := GlacisVerifier(given.Secret)
		if err != nil {
			return `{"error": "secret"}`
		}
		verdict = verify(header, raw)
	} else {
		verify, err := StandardVerifier(given.Secret)
		if err != nil {
			return `{"error": "secret"}`
		}
		verdict = verify(header, raw, time.Unix(given.Now, 0))
	}
	return fmt.Sprintf(`{"verdict": %v}`, verdict)
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
		fmt.Println(answer(given))
	}
}
