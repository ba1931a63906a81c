package dashboard

// history is the newest points, oldest first, and never more than there is room for.
type history struct {
	room   int
	points []point
	added  uint64 // ever; the number of the newest point
}

func (h *history) add(p point) {
	if h.points = append(h.points, p); len(h.points) > h.room {
		h.points = h.points[1:] // append moves them to a new place now and then
	}
	h.added++
}

// after gives the points behind the one of this number, as far as they are kept; an empty list, and not nil, where there is none.
func (h *history) after(number uint64) []point {
	missing := len(h.points)
	if number <= h.added {
		missing = int(min(h.added-number, uint64(missing)))
	}
	return append([]point{}, h.points[len(h.points)-missing:]...)
}
