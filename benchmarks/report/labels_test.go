package main

import "testing"

func TestSpread(t *testing.T) {
	places := []place{{10, 50, 0}, {10, 100, 1}, {24, 98, 2}, {10, 99, 3}, {10, 0, 4}}
	spread(places)
	for i := range places[1:] {
		below, above := places[i], places[i+1]
		if above.middle-below.middle < (above.height+below.height)/2 {
			t.Errorf("%+v is over %+v", above, below)
		}
	}
	if places[0] != (place{10, 0, 4}) || places[1] != (place{10, 50, 0}) {
		t.Errorf("what stood free was moved: %+v", places)
	}
}
