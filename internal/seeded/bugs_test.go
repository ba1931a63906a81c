package seeded

// bug is a change to one place of one file, and the test that catches it.
type bug struct {
	name     string   // what goes wrong, as GUARANTEES.md lists it
	file     string   // from the root of the module
	old, new string   // old is there once
	test     string   // in the package of the module that is named first
	flags    []string // of the test
}

var bugs = []bug{
	{
		name: "success is told before COMMIT",
		file: "committer/chain.go",
		old:  "	c.flights = append(c.flights, f)\n",
		new: `	c.flights = append(c.flights, f)
	for i, e := range f.plan.entries {
		e.Receiver.Resolve(f.plan.verdicts[i].result, f.plan.verdicts[i].err)
	}
`,
		test: "./committer TestFailureInFlight",
	},
	{
		name: "what is in doubt is run again blindly",
		file: "committer/committer.go",
		old:  "f != nil && f.Class == InDoubt {",
		new:  "f != nil && f.Class == InDoubt && false {",
		test: "./committer TestInDoubtIsSettled",
	},
	{
		name: "a conflict is told before the log confirms it",
		file: "committer/judge.go",
		old:  "v.confirm, p.final = true, false",
		new:  "v.confirm, p.final = false, true",
		test: "./committer TestConflictAloneIsConfirmed",
	},
	{
		name: "a commit is sent before the one in front of it has succeeded",
		file: "committer/chain.go",
		old:  "link.Await = f.before.await",
		new:  "link.Await = func(context.Context) error { return nil }",
		test: "./committer TestConflictsInFlightKeepTheOrder",
	},
	{
		name: "a failed commit counts as a success",
		file: "committer/chain.go",
		old:  "f.answered, f.err = true, err",
		new:  "f.answered, f.err, err = true, nil, nil",
		test: "./committer TestFailureInFlight",
	},
	{
		name: "what stood behind a failed commit is never told",
		file: "committer/chain.go",
		old:  "for _, f := range flights {",
		new:  "for _, f := range flights[:1] {",
		test: "./committer TestFailureInFlight",
	},
	{
		name: "a second command on a stream does not see the first in its batch",
		file: "committer/judge.go",
		old:  "			s.version++\n			commit.Rows = append(commit.Rows, Row{Stream: p.stream, Version: s.version, Encoded: row})",
		new:  "			commit.Rows = append(commit.Rows, Row{Stream: p.stream, Version: s.version + 1, Encoded: row})",
		test: "./committer TestChainWithinABatch",
	},
	{
		name: "only the first stream of a command is checked",
		file: "committer/judge.go",
		old:  "func (j *judge) conflict(e *Entry) error {\n	for i := range e.parts {",
		new:  "func (j *judge) conflict(e *Entry) error {\n	for i := range e.parts[:1] {",
		test: "./committer TestGuardsAndSeveralStreams",
	},
	{
		name: "what other processes wrote is not taken in",
		file: "committer/committer.go",
		old:  "	c.heads.update(snapshot.Moved)\n",
		new:  "",
		test: "./committer TestVerdictsAreThoseOfASequentialStore", flags: []string{"-rapid.nofailfile"},
	},
	{
		name: "one bad command fails its neighbours",
		file: "committer/failures.go",
		old:  "c.isolate(ctx, work, plan, f)",
		new:  "c.fail(ctx, work, f.Err)",
		test: "./committer TestRefusedRowIsIsolated",
	},
	{
		name: "a repeated command takes effect again",
		file: "committer/judge.go",
		old:  "if v, done := j.repeated(e); done {",
		new:  "if v, done := j.repeated(e); done && false {",
		test: "./committer TestRepetitionByTheSameAndAnotherProcess",
	},
	{
		name: "a repetition is told before it is safe",
		file: "committer/settle.go",
		old:  "return true, c.log.Sync(ctx)",
		new:  "return true, nil",
		test: "./committer TestOursIsToldOnlyWhenSafe",
	},
	{
		name: "a successor starts before the place in front of it is taken",
		file: "committer/chain.go",
		old:  "(n == 0 || c.flights[n-1].owned)",
		new:  "(n == 0 || c.flights[n-1] != nil)",
		test: "./pipeline TestRulesAreKept",
	},
	{
		name: "closing drops what is queued",
		file: "batcher/gather.go",
		old:  "if g.drained && len(g.batch.Items) == 0 {",
		new:  "if g.drained {",
		test: "./batcher TestCloseHandsOverAllThatWasAccepted",
	},
	{
		name: "who waits for room is overtaken",
		file: "batcher/queue.go",
		old:  "case q.line.Len() > 0 || !q.fits(e):",
		new:  "case !q.fits(e):",
		test: "./batcher TestWaitersAreServedInOrder",
	},
	{
		name: "a taken place is no failure (ON CONFLICT DO NOTHING)",
		file: "pg/insert.go",
		old:  "VALUES ($1, $2, $3, $4, $5, $6, $7)\"",
		new:  "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING\"",
		test: "./pg TestConformance/jsonb",
	},
	{
		name: "a retry finds its buffers changed",
		file: "pg/encode.go",
		old:  "	b = append(b, commit.Rows[i].Encoded...)\n	row := b[start:]\n",
		new:  "	row := commit.Rows[i].Encoded\n	defer func() { b = append(b[:start], row...); clear(row) }()\n	b = append(b, row...)\n",
		test: "./pg TestConformance/jsonb",
	},
	{
		name: "an error that answers COMMIT counts as a rollback",
		file: "pg/errors.go",
		old:  "r.err != nil && (r.completed < beforeCommit || deferred(r.err))",
		new:  "r.err != nil",
		test: "./pg TestFailureByPhase",
	},
	{
		name: "a WARNING that answers COMMIT is ignored",
		file: "pg/append.go",
		old:  "	if writer.warned {\n		return &committer.Failure",
		new:  "	if false {\n		return &committer.Failure",
		test: "./pg TestSynchronousStandbyIsMissing",
	},
	{
		name: "what is left of a lost connection lives on",
		file: "pg/append.go",
		old:  "		s.orphans.add(ctx, process{a.conn.PID(), writer.started})\n",
		new:  "",
		test: "./pg TestOrphanInCopyIsEnded",
	},
	{
		name: "writing goes on behind commits that were lost",
		file: "committer/failures.go",
		old:  "		c.lost(ctx, work, f)\n",
		new:  "		c.heads.forgetAll()\n",
		test: "./committer TestLostCommitsStopWriting",
	},
	{
		name: "processes do not take turns",
		file: "pg/turns.go",
		old:  "SELECT pg_advisory_lock($1)",
		new:  "SELECT pg_advisory_lock($1 + random()::int)",
		test: "./pg TestConformance/jsonb",
	},
	{
		name: "a reader steps over a hole",
		file: "reading/pager.go",
		old:  "n != expected {",
		new:  "n < expected {",
		test: ". TestHoleStopsReading",
	},
	{
		name: "a checkpoint of another log is gone on from",
		file: "reading/reader.go",
		old:  "c.CommitID == holder || pruned {",
		new:  "c.CommitID != holder || pruned {",
		test: ". TestReadFromALostCheckpoint",
	},
}
