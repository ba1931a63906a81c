package main

import (
	"strconv"
	"strings"
)

// number has three digits that say something, more would not be repeatable, and a comma after thousands.
func number(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return commas(strconv.FormatFloat(rounded, 'f', -1, 64))
}

// commas puts them into a decimal number.
func commas(decimal string) string {
	whole, fraction, has := strings.Cut(decimal, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if has {
		return whole + "." + fraction
	}
	return whole
}
