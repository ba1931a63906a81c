package main

import "testing"

func TestNumber(t *testing.T) {
	for value, want := range map[float64]string{
		0:         "0",
		1:         "1",
		27:        "27",
		1.7:       "1.7",
		0.28123:   "0.281",
		0.000234:  "0.000234",
		9.996:     "10",
		99.96:     "100",
		999.4:     "999",
		999_999:   "1,000,000",
		83_712:    "83,700",
		1_234_567: "1,230,000",
		-1234:     "-1,230",
		-123:      "-123",
	} {
		if got := number(value); got != want {
			t.Errorf("%v: %s, want %s", value, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for value, want := range map[string]string{"4000": "4,000", "65537": "65,537", "100": "100", "1ms": "1ms", "orders": "orders"} {
		if got := readable(value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}
