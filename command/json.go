package command

import (
	"encoding/json"
	"unicode/utf8"
)

const (
	maxJSONDepth    = 1000 // arrays and objects within each other
	maxNumberDigits = 1000 // characters of one number, and the size of its exponent
)

// checkJSON tells why PostgreSQL would refuse data as jsonb, or "". Beyond the grammar, which encoding/json judges, jsonb wants
// valid UTF-8, no \u0000, surrogates in pairs only, and depth and numbers within bounds; ours are well within its own.
func checkJSON(data []byte) (reason string) {
	if !utf8.Valid(data) {
		return "it is not valid UTF-8"
	}
	if !json.Valid(data) {
		return "it is not valid JSON"
	}
	depth := 0
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '"':
			n, reason := checkString(data[i:])
			if reason != "" {
				return reason
			}
			i += n
		case c == '{' || c == '[':
			if depth++; depth > maxJSONDepth {
				return "it is nested more than 1000 levels deep"
			}
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case c == '-' || '0' <= c && c <= '9':
			n := numberLen(data[i:])
			if !numberFits(data[i : i+n]) {
				return "a number has more than 1000 digits or an exponent beyond 1000"
			}
			i += n
		default:
			i++
		}
	}
	return ""
}

// checkString looks at the escapes of a string, which begins at its opening quote, and gives its length.
func checkString(s []byte) (n int, reason string) {
	for i := 1; ; {
		switch s[i] {
		case '"':
			return i + 1, ""
		case '\\':
			if s[i+1] != 'u' {
				i += 2
				continue
			}
			n, reason := checkEscape(s[i:])
			if reason != "" {
				return 0, reason
			}
			i += n
		default:
			i++
		}
	}
}

// checkEscape judges a \u with its four digits, or a pair of them, at the start of s.
func checkEscape(s []byte) (n int, reason string) {
	switch r := hex4(s[2:]); {
	case r == 0:
		return 0, `it contains \u0000, which PostgreSQL cannot store`
	case r < 0xD800 || r > 0xDFFF:
		return 6, ""
	case r >= 0xDC00 || len(s) < 12 || s[6] != '\\' || s[7] != 'u':
		return 0, "it contains one half of a surrogate pair"
	}
	if low := hex4(s[8:]); low < 0xDC00 || low > 0xDFFF {
		return 0, "it contains one half of a surrogate pair"
	}
	return 12, ""
}

func hex4(s []byte) (r rune) {
	for _, c := range s[:4] {
		switch {
		case c <= '9':
			r = r<<4 | rune(c-'0')
		default:
			r = r<<4 | rune(c|0x20-'a'+10)
		}
	}
	return r
}

func numberLen(s []byte) int {
	n := 1
	for n < len(s) {
		switch c := s[n]; {
		case '0' <= c && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
			n++
		default:
			return n
		}
	}
	return n
}

func numberFits(number []byte) bool {
	if len(number) > maxNumberDigits {
		return false
	}
	exponent, inExponent := 0, false
	for _, c := range number {
		switch {
		case c == 'e' || c == 'E':
			inExponent = true
		case inExponent && '0' <= c && c <= '9':
			exponent = min(exponent*10+int(c-'0'), maxNumberDigits+1)
		}
	}
	return exponent <= maxNumberDigits
}
