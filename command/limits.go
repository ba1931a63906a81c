package command

// Limits bounds what a single command may ask for. A field that is zero has its default.
type Limits struct {
	EventBytes     int // data of one event; defaults to 1 MiB
	MetadataBytes  int // metadata of one event; defaults to 64 KiB
	CommandBytes   int // data, metadata and names of one command; defaults to 4 MiB
	CommandEvents  int // events in one command; defaults to 1,000
	CommandStreams int // streams in one command; defaults to 100
	NameBytes      int // a stream's name or an event's type; defaults to 255

	// AnyData accepts any bytes as data. Metadata still has to be JSON.
	AnyData bool

	// SkipJSONCheck trusts that data and metadata are JSON that the database accepts.
	SkipJSONCheck bool
}

// WithDefaults returns the limits with every zero replaced.
func (l Limits) WithDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.EventBytes, 1 << 20},
		{&l.MetadataBytes, 64 << 10},
		{&l.CommandBytes, 4 << 20},
		{&l.CommandEvents, 1000},
		{&l.CommandStreams, 100},
		{&l.NameBytes, 255},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return l
}
