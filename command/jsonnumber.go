package command

const (
	maxNumberBytes = 1000
	maxExponent    = 1000
)

func skipNumber(data []byte, i int) int {
	begin := i
	if byteAt(data, i) == '-' {
		i++
	}
	if byteAt(data, i) == '0' {
		i++
	} else if i = skipDigits(data, i); i < 0 {
		return i
	}
	if byteAt(data, i) == '.' {
		if i = skipDigits(data, i+1); i < 0 {
			return i
		}
	}
	if c := byteAt(data, i); c == 'e' || c == 'E' {
		if i = skipExponent(data, i+1); i < 0 {
			return i
		}
	}
	if i-begin > maxNumberBytes {
		return numberTooLong
	}
	return i
}

// skipDigits skips at least one.
func skipDigits(data []byte, i int) int {
	begin := i
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	if i == begin {
		return notJSON
	}
	return i
}

func skipExponent(data []byte, i int) int {
	if c := byteAt(data, i); c == '+' || c == '-' {
		i++
	}
	end := skipDigits(data, i)
	for exponent := 0; i < end; i++ {
		if exponent = exponent*10 + int(data[i]-'0'); exponent > maxExponent {
			return numberTooLong
		}
	}
	return end
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
