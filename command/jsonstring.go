package command

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

func skipString(data []byte, i int) int {
	for i++; i >= 0; {
		i = skipPlain(data, i)
		switch c := byteAt(data, i); {
		case c == '"':
			return i + 1
		case c == '\\':
			i = skipEscape(data, i)
		case c >= utf8.RuneSelf:
			i = skipRunes(data, i)
		case c < ' ':
			return notJSON
		default:
			i++
		}
	}
	return i // a fault
}

// skipPlain skips bytes that stand for themselves while there are eight to look at together.
func skipPlain(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		if special := specialBytes(binary.LittleEndian.Uint64(data[i:])); special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	return i
}

// specialBytes marks, by its high bit, every byte that ends a string, begins an escape, is a control character or is not ASCII. A
// subtraction borrows from the next higher byte only where it marks, so the lowest mark is true, and all are where there is none.
func specialBytes(word uint64) uint64 {
	const each, high = 0x0101010101010101, 0x8080808080808080
	control := word - ' '*each
	quote := (word ^ '"'*each) - each
	backslash := (word ^ '\\'*each) - each
	return (control | quote | backslash | word) & high
}

// skipRunes skips what is not ASCII, if it is valid UTF-8.
func skipRunes(data []byte, i int) int {
	for byteAt(data, i) >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return notJSON
		}
		i += size
	}
	return i
}

func skipEscape(data []byte, i int) int {
	switch byteAt(data, i+1) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		return skipCodeUnits(data, i)
	default:
		return notJSON
	}
}

// skipCodeUnits skips \u and four digits, twice where they are a surrogate pair.
func skipCodeUnits(data []byte, i int) int {
	switch unit := codeUnit(data, i); {
	case unit < 0:
		return notJSON
	case unit == 0:
		return zeroEscape
	case !utf16.IsSurrogate(unit):
		return i + 6
	case utf16.DecodeRune(unit, codeUnit(data, i+6)) == utf8.RuneError:
		return halfPair
	default:
		return i + 12
	}
}

// codeUnit reads \u and four digits. It is below zero where that is not what there is.
func codeUnit(data []byte, i int) rune {
	if i+6 > len(data) || data[i] != '\\' || data[i+1] != 'u' {
		return -1
	}
	var unit [2]byte
	if _, err := hex.Decode(unit[:], data[i+2:i+6]); err != nil {
		return -1
	}
	return rune(binary.BigEndian.Uint16(unit[:]))
}
