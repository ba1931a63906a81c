package command_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/groupcommit/groupcommit/command"
)

// checkData gives what Check says of an event's data, which is what it says of metadata too.
func checkData(data []byte) error {
	return check(command.To("s", command.Any, command.Event{Type: "E", Data: data}))
}

// nested is a number in arrays and objects, in turn, so many within each other.
func nested(depth int) string {
	odd := depth % 2
	return strings.Repeat(`{"a":[`, depth/2) + strings.Repeat("[", odd) + "1" + strings.Repeat("]", odd) + strings.Repeat("]}", depth/2)
}

func digits(n int) string { return strings.Repeat("9", n) }

var acceptedJSON = []string{
	`null`, `true`, `false`, `0`, `""`, `[]`, `{}`, " {\n\t\"a\" :\r1 } ",
	`{"a":1,"a":2}`, `{"":{"":[]}}`,
	`"é"`, `"` + "\u2028\uffff\U0001F600\U0010FFFF" + `"`, `"` + "\x7f" + `"`,

	`"\\u0000"`, `"\\\\u0000"`, `{"\\u0000":"\\ud800"}`, `"\\"`, `"\\\""`, `"\/\b\f\n\r\t\"\\"`,
	`"\u0001"`, `"\u00e9"`, `"\uFFFF"`, `"\uD7FF\uE000"`, `"\u0000`[:3] + `0010"`,
	`"\ud83d\ude00"`, `"\uD83D\uDE00"`, `"\uD800\uDC00"`, `"\uDBFF\uDFFF"`, `"\ud83d\ude00\ud83d\ude00"`,

	nested(1), nested(999), nested(1000), `[` + strings.Repeat(`[],`, 2000) + `[]]`, `"` + strings.Repeat(`[{`, 2000) + `"`,

	`-0`, `-0.0`, `0e0`, `1E+5`, `1e-5`, `0.10`, `[-1,-2e-3]`,
	`1e1000`, `1E+1000`, `-1e-1000`, `1e0000001000`, `1.5e-1000`,
	digits(1000), `-` + digits(999), `0.` + digits(998), digits(995) + `e1000`,
	`[` + digits(600) + `,` + digits(600) + `]`, `"` + digits(2000) + `e2000"`, `[1e600,1e600]`,
}

func TestJSONAccepted(t *testing.T) {
	for _, data := range acceptedJSON {
		if err := checkData([]byte(data)); err != nil {
			t.Errorf("%.60s (%d bytes): %v", data, len(data), err)
		}
	}
}

const (
	notJSON   = "it is not valid JSON"
	notUTF8   = "it is not valid UTF-8"
	zero      = `it contains \u0000`
	surrogate = "one half of a surrogate pair"
	tooDeep   = "more than 1000 levels"
	tooLong   = "more than 1000 digits or an exponent beyond 1000"
)

var refusedJSON = []struct{ data, reason string }{
	{` `, notJSON}, {`{`, notJSON}, {`nul`, notJSON}, {`'a'`, notJSON}, {`{a:1}`, notJSON}, {`[1,]`, notJSON}, {`{"a":1,}`, notJSON},
	{`1 2`, notJSON}, {`{}{}`, notJSON}, {`01`, notJSON}, {`+1`, notJSON}, {`.5`, notJSON}, {`1.`, notJSON}, {`1e`, notJSON},
	{`NaN`, notJSON}, {`-Infinity`, notJSON}, {`"`, notJSON}, {`"\"`, notJSON}, {`"\x41"`, notJSON}, {`"\u00g0"`, notJSON}, {`"\u000"`, notJSON},
	{`"\U0041"`, notJSON}, {"\"a\nb\"", notJSON}, {"\ufeff{}", notJSON}, {`// comment`, notJSON},

	{"\x00", notJSON}, {"\"\x00\"", notJSON}, {"{}\x00", notJSON}, {"{\x00}", notJSON},
	{"\xff", notUTF8}, {"\"\xff\"", notUTF8}, {"\"\xc3\"", notUTF8}, {"\"\xc0\x80\"", notUTF8}, {"\"\xed\xa0\x80\"", notUTF8}, {"\"\xf4\x90\x80\x80\"", notUTF8},

	{`"\u0000"`, zero}, {`"a\u0000b"`, zero}, {`{"\u0000":1}`, zero}, {`[[{"a":["\u0000"]}]]`, zero},
	{`"\\\u0000"`, zero}, {`"\"\u0000"`, zero}, {`"\ud83d\ude00\u0000"`, zero},

	{`"\ud800"`, surrogate}, {`"\uDBFF"`, surrogate}, {`"\udc00"`, surrogate}, {`"\uDFFF"`, surrogate}, {`{"\ud800":1}`, surrogate},
	{`"\ude00\ud83d"`, surrogate}, {`"\ud83d\ud83d"`, surrogate}, {`"\ud83d\ud83d\ude00"`, surrogate}, {`"\ud83d\ude00\ude00"`, surrogate},
	{`"\ud83dx\ude00"`, surrogate}, {`"\ud83d \ude00"`, surrogate}, {`"\ud83d\\ude00"`, surrogate}, {`"\ud83d\n"`, surrogate},
	{`"\ud83d\u0041"`, surrogate}, {`"\ud83d\u0000"`, surrogate}, {`"\ud83d\uE000"`, surrogate},
	{`["\ud83d","\ude00"]`, surrogate}, {`"\udc00\udc00"`, surrogate}, {`"\ud800\udbff"`, surrogate},

	{nested(1001), tooDeep}, {strings.Repeat("[", 1001) + strings.Repeat("]", 1001), tooDeep}, {`[[],` + nested(1000) + `]`, tooDeep},
	{nested(20000), tooDeep},

	{`1e1001`, tooLong}, {`1E+1001`, tooLong}, {`-1e-1001`, tooLong}, {`{"a":[1e1001]}`, tooLong}, {`1e00001001`, tooLong},
	{`1e99999999999999999999`, tooLong}, {`1e18446744073709551617`, tooLong}, {`0e1001`, tooLong},
	{digits(1001), tooLong}, {`-` + digits(1000), tooLong}, {`0.` + digits(999), tooLong}, {`[1,` + digits(1001) + `]`, tooLong},
}

func TestJSONRefused(t *testing.T) {
	for _, c := range refusedJSON {
		err := checkData([]byte(c.data))
		if err == nil {
			t.Errorf("%.60s (%d bytes) is accepted", c.data, len(c.data))
			continue
		}
		invalid := wantInvalid(t, err, "Streams[0].Events[0].Data")
		if !strings.Contains(invalid.Reason, c.reason) {
			t.Errorf("%.60s (%d bytes): %s; want %s", c.data, len(c.data), invalid.Reason, c.reason)
		}
	}
}

// The check goes by the rules. What is accepted is JSON that means the same to everybody: Go's decoder, which puts U+FFFD for what it
// cannot decode, puts none.
func FuzzCheckJSON(f *testing.F) {
	for _, data := range acceptedJSON {
		f.Add([]byte(data))
	}
	for _, c := range refusedJSON {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wantByTheRules(t, data)
		if len(data) == 0 || checkData(data) != nil {
			return
		}
		if strings.Contains(strings.ToLower(string(data)), `\ufffd`) || strings.ContainsRune(string(data), utf8.RuneError) {
			return // put there by the caller
		}
		if text := decodedText(data); strings.ContainsAny(text, "\x00\ufffd") {
			t.Fatalf("accepted %q, which decodes to %q", data, text)
		}
	})
}

// decodedText is all keys and strings of a JSON value.
func decodedText(data []byte) string {
	var text strings.Builder
	for token := range tokens(data) {
		if s, ok := token.(string); ok {
			text.WriteString(s)
		}
	}
	return text.String()
}
