package command

// DataType is what the data of a log's events is kept as. It is chosen when the log is created and never changes. Metadata is JSON in
// either.
type DataType string

const (
	// DataJSONB is JSON, checked at Submit. SQL can look into it. What is read back is equal JSON, not equal bytes.
	DataJSONB DataType = "jsonb"

	// DataBytea is any bytes, or none: a binary format, ciphertext, JSON that is to stay as it is. What is read back is what was written,
	// byte for byte. SQL cannot look into it. The same bytes are written about a fifth quicker.
	DataBytea DataType = "bytea"
)
