// Package reading reads a log: page by page up to where it ends, or without end, as a subscription that catches up and then follows.
//
// It knows a log by the small interface Log, and nothing of how one is kept. Positions of the log and versions of a stream are contiguous, which
// is checked on every way of reading, behind filters too. A subscription also checks, each time that it looks, that the log still holds the commit
// that it came from.
//
// Subscriptions wait for a bell, which is rung for commits of this process and for what the log hears of others. Those at the same place, and with
// the same PageSize, read what comes next once, together: ten that keep up cost the database what one does.
package reading
