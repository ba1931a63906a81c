package command

import (
	"encoding/json"
	"unicode/utf8"
)

const maxJSONDepth = 1000 // arrays and objects within each other

// checkJSON tells why PostgreSQL would refuse data as jsonb, or "". Beyond the grammar of RFC 8259, jsonb wants valid UTF-8, no
// \u0000, surrogates in pairs only, and depth and numbers within bounds; ours are well within its own.
//
// It is on the way of every event, so it goes over the data once. Each of the skip functions is told where something begins, and tells
// where it ends, or a fault.
func checkJSON(data []byte) (reason string) {
	end := skipValue(data, skipSpace(data, 0), 0)
	switch {
	case end < 0:
		return refusal(data, end)
	case skipSpace(data, end) < len(data):
		return refusal(data, notJSON)
	default:
		return ""
	}
}

// A fault stands in the place of a position, so it is below zero.
const (
	notJSON = -1 - iota
	zeroEscape
	halfPair
	tooDeep
	numberTooLong
)

// refusal puts a fault into words. What is no text, or no JSON, is refused as that, also where another fault comes first. But what is
// nested too deeply is refused for that, whatever follows: json.Valid has a limit of its own, and takes what is beyond it for no JSON.
func refusal(data []byte, fault int) string {
	switch {
	case !utf8.Valid(data):
		return "it is not valid UTF-8"
	case fault == tooDeep:
		return "it is nested more than 1000 levels deep"
	case !json.Valid(data):
		return "it is not valid JSON"
	case fault == zeroEscape:
		return `it contains \u0000, which PostgreSQL cannot store`
	case fault == halfPair:
		return "it contains one half of a surrogate pair"
	default:
		return "a number has more than 1000 digits or an exponent beyond 1000"
	}
}

func skipValue(data []byte, i, depth int) int {
	switch byteAt(data, i) {
	case '{':
		return skipItems(data, i, '}', depth+1)
	case '[':
		return skipItems(data, i, ']', depth+1)
	case '"':
		return skipString(data, i)
	case 't':
		return skipWord(data, i, "true")
	case 'f':
		return skipWord(data, i, "false")
	case 'n':
		return skipWord(data, i, "null")
	default:
		return skipNumber(data, i)
	}
}

// skipItems skips an array or, where the closing bracket is }, an object, whose items have keys.
func skipItems(data []byte, i int, closing byte, depth int) int {
	if depth > maxJSONDepth {
		return tooDeep
	}
	i = skipSpace(data, i+1)
	if byteAt(data, i) == closing {
		return i + 1
	}
	for {
		if closing == '}' {
			i = skipKey(data, i)
		}
		if i >= 0 {
			i = skipValue(data, i, depth)
		}
		if i < 0 {
			return i
		}
		i = skipSpace(data, i)
		switch byteAt(data, i) {
		case ',':
			i = skipSpace(data, i+1)
		case closing:
			return i + 1
		default:
			return notJSON
		}
	}
}

// skipKey skips a key and its colon, and the space behind each.
func skipKey(data []byte, i int) int {
	if byteAt(data, i) != '"' {
		return notJSON
	}
	if i = skipString(data, i); i < 0 {
		return i
	}
	i = skipSpace(data, i)
	if byteAt(data, i) != ':' {
		return notJSON
	}
	return skipSpace(data, i+1)
}

func skipWord(data []byte, i int, word string) int {
	end := i + len(word)
	if end > len(data) || string(data[i:end]) != word {
		return notJSON
	}
	return end
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

// byteAt is 0 behind the end, which JSON has nowhere.
func byteAt(data []byte, i int) byte {
	if i < len(data) {
		return data[i]
	}
	return 0
}
