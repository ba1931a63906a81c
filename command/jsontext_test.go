package command_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

var (
	drawnSpace  = rapid.SampledFrom([]string{"", "", "", " ", "\n", "\r\n\t  "})
	drawnWord   = rapid.SampledFrom([]string{"true", "false", "null"})
	drawnNumber = rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?([eE][+-]?(0{0,9}[0-9]{1,3}))?`)
	drawnText   = rapid.OneOf(
		rapid.StringMatching(`[ !#-\[\]-~]{1,20}`),
		rapid.StringMatching(`\\["\\/bfnrt]`),
		rapid.StringMatching(`\\u([1-9a-cA-CeE][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})`),
		rapid.StringMatching(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`),
		rapid.SampledFrom([]string{"\x7f", "é", "\u2028", "日本", "\ufffd", "\uffff", "\U0001F600"}),
	)
	drawnDamage = rapid.SampledFrom([]string{
		"", " ", "{", "}", "[", "]", `"`, ",", ":", "/", "0", "1", "-", "+", ".", "e", "u", "nul", "\n", "\x00", "\x1f", "\x80", "\xc3", "\xed\xa0\x80", "\xff",
		`\`, `\u`, `\u0000`, `\u000`, `\ud83d`, `\ude00`, "e1001", "E-99999999999999999999", digits(1001), nested(997),
	})
)

// drawJSON draws JSON as hardly anybody writes it. All of it is within the bounds.
func drawJSON(t *rapid.T) []byte { return []byte(drawValue(t, 4)) }

// drawValue draws a value of arrays and objects that are so many deep at most.
func drawValue(t *rapid.T, depth int) string {
	kinds := []string{"word", "number", "string", "array", "array", "object", "object"}
	if depth == 0 {
		kinds = kinds[:3]
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "array":
		return spaced(t, "["+drawItems(t, func() string { return drawValue(t, depth-1) })+"]")
	case "object":
		return spaced(t, "{"+drawItems(t, func() string { return drawString(t) + ":" + drawValue(t, depth-1) })+"}")
	case "string":
		return drawString(t)
	case "number":
		return spaced(t, drawnNumber.Draw(t, "number"))
	default:
		return spaced(t, drawnWord.Draw(t, "word"))
	}
}

func drawItems(t *rapid.T, draw func() string) string {
	items := make([]string, rapid.IntRange(0, 4).Draw(t, "items"))
	for i := range items {
		items[i] = draw()
	}
	return spaced(t, strings.Join(items, ","))
}

func drawString(t *rapid.T) string {
	return spaced(t, `"`+strings.Join(rapid.SliceOfN(drawnText, 0, 5).Draw(t, "text"), "")+`"`)
}

func spaced(t *rapid.T, text string) string {
	return drawnSpace.Draw(t, "before") + text + drawnSpace.Draw(t, "behind")
}

// drawDamage draws what may become of data in one place.
func drawDamage(t *rapid.T, data []byte) []byte {
	begin := rapid.IntRange(0, len(data)).Draw(t, "begin")
	end := min(begin+rapid.IntRange(0, 3).Draw(t, "lost"), len(data))
	return slices.Concat(data[:begin], []byte(drawnDamage.Draw(t, "damage")), data[end:])
}
