package workload

import (
	"fmt"
	"strings"

	"github.com/groupcommit/groupcommit"
)

// ReadingBytes is the size of the data of a ReadingTaken event. The event has no metadata.
const ReadingBytes = 230

const readingTaken = "ReadingTaken"

// ReadingTaken is the event of W3 to W6: an everyday event of 230 bytes, which says where it belongs.
type ReadingTaken struct {
	Stream   string `json:"stream"`
	Command  int    `json:"command"`  // of the run, from 0
	Sequence int    `json:"sequence"` // within the command, from 1
	Padding  string `json:"padding"`
}

// reading makes a ReadingTaken event, by hand because it is not what is to be measured. The stream's name needs no escapes.
func reading(stream string, command, sequence int) groupcommit.Event {
	data := make([]byte, 0, ReadingBytes)
	data = fmt.Appendf(data, `{"stream":"%s","command":%d,"sequence":%d,"padding":"`, stream, command, sequence)
	data = append(data, padding[:max(ReadingBytes-len(data)-2, 0)]...)
	data = append(data, `"}`...)
	return groupcommit.Event{Type: readingTaken, Data: data}
}

var padding = strings.Repeat("group commit ", ReadingBytes/13+1)
