// Package command is the vocabulary of groupcommit: what a caller asks for (Command, Event, Expect), what it is told
// (Result, the errors), and what the log then holds (RecordedEvent).
//
// It owns the rules that a command must satisfy before it may travel (Limits, Check) and knows nothing of batches,
// transactions or PostgreSQL. Everything here is plain data: values are not changed by the library, and a caller must not
// change a slice while a call that was given it runs. Submit copies what it keeps.
package command
