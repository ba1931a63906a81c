// Package importer loads the events of another store into a log, with their IDs, their times and their order.
//
//	source, err := importer.NewPostgres(importer.PostgresConfig{Pool: pool}) // the events table of EventCore
//	report, err := importer.Run(ctx, store, source, importer.Options{Name: "eventcore", After: kept, Progress: keep})
//
// Consecutive events go into one command, as many as the limits and the order allow, and many commands are in flight. The log then has
// the events in the order of the source, also over all streams: a command ends where a stream comes back after another one.
//
// An import that has ended early, or whose source has grown since, is run again, as often as it takes, under the same Name and with the same limits,
// from the start or from any cursor that Progress or Report told. Nothing is written twice: the ID of each command is made of the Name and the cursor of
// its first event, and a command that had taken effect is only counted. So it is where it had fewer events, because the source ended there: the others
// follow. That holds while the log keeps command IDs: prune none until the import is complete.
//
// Where the source tells the version of each event in its stream, each command expects it: nobody else's events come between, and none are
// missing. When a command fails and others behind it are written, which takes an outage or data that only the database refuses, the next run
// appends it behind them; where versions are told, the order within each stream holds all the same. Nobody else should write to the
// streams in either store meanwhile.
package importer
