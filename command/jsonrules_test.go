package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/command"
)

// reasonByTheRules goes by the rules one after the other, slowly. The check, which does it all at once, must come to the same.
func reasonByTheRules(data []byte) string {
	reason := firstReason(data)
	switch {
	case !utf8.Valid(data):
		return "it is not valid UTF-8"
	case !json.Valid(data) && !strings.Contains(reason, tooDeep):
		return "it is not valid JSON"
	default:
		return reason
	}
}

// firstReason is the first fault of a token of JSON, which may break off behind it.
func firstReason(data []byte) string {
	depth := 0
	for token, text := range tokens(data) {
		reason := ""
		switch token := token.(type) {
		case json.Delim:
			if token == ']' || token == '}' {
				depth--
			} else if depth++; depth > 1000 {
				reason = "it is nested more than 1000 levels deep"
			}
		case string:
			reason = stringReason(text)
		case json.Number:
			reason = numberReason(token.String())
		}
		if reason != "" || depth == 0 {
			return reason
		}
	}
	return ""
}

// tokens are the tokens of JSON up to where it ends or breaks off, each with its text and what stands before it.
func tokens(data []byte) iter.Seq2[json.Token, string] {
	return func(yield func(json.Token, string) bool) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		for {
			begin := decoder.InputOffset()
			token, err := decoder.Token()
			if err != nil || !yield(token, string(data[begin:decoder.InputOffset()])) {
				return // the error is the end of data, or of what is JSON
			}
		}
	}
}

func stringReason(text string) string {
	for {
		_, escape, found := strings.Cut(text, `\`)
		if !found {
			return ""
		}
		if escape[0] != 'u' {
			text = escape[1:]
			continue
		}
		unit := hexadecimal(escape[1:5])
		text = escape[5:]
		switch {
		case unit == 0:
			return `it contains \u0000, which PostgreSQL cannot store`
		case !utf16.IsSurrogate(unit):
		case !strings.HasPrefix(text, `\u`) || utf16.DecodeRune(unit, hexadecimal(text[2:6])) == utf8.RuneError:
			return "it contains one half of a surrogate pair"
		default:
			text = text[6:]
		}
	}
}

func hexadecimal(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		panic(err)
	}
	return rune(n)
}

func numberReason(number string) string {
	_, digits, _ := strings.Cut(strings.ToLower(number), "e")
	exponent, _ := strconv.Atoi(digits) // none is 0; one that no int can hold is the nearest that an int can
	if len(number) > 1000 || exponent < -1000 || exponent > 1000 {
		return "a number has more than 1000 digits or an exponent beyond 1000"
	}
	return ""
}

// reasonOf is why data is refused, or "".
func reasonOf(data []byte) string {
	if invalid, ok := errors.AsType[*command.InvalidError](checkData(data)); ok {
		return invalid.Reason
	}
	return ""
}

func wantByTheRules(t rapid.TB, data []byte) {
	t.Helper()
	if len(data) == 0 {
		return // which is no data, and not looked at
	}
	if got, want := reasonOf(data), reasonByTheRules(data); got != want {
		t.Errorf("%.200q (%d bytes): got %q, want %q", data, len(data), got, want)
	}
}

func TestJSONByTheRules(t *testing.T) {
	for _, data := range acceptedJSON {
		wantByTheRules(t, []byte(data))
	}
	for _, c := range refusedJSON {
		wantByTheRules(t, []byte(c.data))
	}
	rapid.Check(t, func(t *rapid.T) {
		data := drawJSON(t)
		if reason := reasonOf(data); reason != "" {
			t.Errorf("%q: %s", data, reason)
		}
		wantByTheRules(t, drawDamage(t, data))
	})
}

// Each byte is where the data ends, is left out, is replaced by every other, and has every other before it.
func TestJSONByteByByte(t *testing.T) {
	for _, text := range []string{
		` [ {"aé\n\u00e9\ud83d\ude00" : -10.25e+3 , "":[ ] , "b" :{ } },true,false,null,0E1,"is longer than a few words of bytes"] `,
		`"a dozen or so"`,
	} {
		data := []byte(text)
		for i := range data {
			wantByTheRules(t, data[:i])
			wantByTheRules(t, slices.Clip(data[:i]))
			wantByTheRules(t, slices.Concat(data[:i], data[i+1:]))
			for c := range 256 {
				wantByTheRules(t, slices.Concat(data[:i], []byte{byte(c)}, data[i+1:]))
				wantByTheRules(t, slices.Concat(data[:i], []byte{byte(c)}, data[i:]))
			}
		}
	}
}

// Of several faults it is the gravest that is told, and then the first.
func TestJSONOfSeveralFaults(t *testing.T) {
	for data, reason := range map[string]string{
		"[1e1001,\"\\u0000\", nul, \"\xff\"]": notUTF8,
		"\xff":                                notUTF8,
		`["\u0000", nul]`:                     notJSON,
		digits(1001) + `x`:                    notJSON,
		nested(1000)[:1500]:                   notJSON,
		nested(1001)[:4000]:                   tooDeep,
		"[nul, " + nested(1001):               notJSON,
		nested(20000) + "\xff":                notUTF8,
		`["\ud83d", "\u0000"]`:                surrogate,
		`["\u0000", "\ud83d"]`:                zero,
		`[1e1001, "\u0000"]`:                  tooLong,
		`["\u0000",` + nested(1001) + `]`:     zero,
	} {
		if got := reasonOf([]byte(data)); !strings.Contains(got, reason) {
			t.Errorf("%.60q (%d bytes): %q; want %q", data, len(data), got, reason)
		}
	}
}
