package main

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

const (
	// cleanupTimeout bounds what is done at the end, whether or not the soak was interrupted.
	cleanupTimeout = 30 * time.Second
	// headStreams is few, so that streams come and go in the store's cache all the time, as they do in one that lives long.
	headStreams = 10_000
)

// stage is what a soak works on: a server, a schema of its own, a store, the load and its gauge.
type stage struct {
	server *ephemeral.Server
	schema string
	store  *groupcommit.Store
	mix    *mix
	gauge  *gauge
}

// open sets everything up. The caller closes the stage, also when that fails.
func (s *stage) open(ctx context.Context, streams int, logf func(string, ...any)) (err error) {
	if s.server, err = ephemeral.Open(ctx, ephemeral.Options{Logf: logf}); err != nil {
		return err
	}
	s.schema = "groupcommit_soak_" + strings.ToLower(rand.Text()[:10])
	logf("schema %s, dropped at the end", s.schema)
	config := groupcommit.Config{DatabaseURL: s.server.URL(), Schema: s.schema, Migrate: true, HeadStreams: headStreams, CloseTimeout: cleanupTimeout}
	if s.store, err = groupcommit.Open(ctx, config); err != nil {
		return err
	}
	s.mix = newMix(s.store, streams)
	if err := s.mix.preload.Run(ctx, s.mix.receipts); err != nil {
		return err
	}
	s.gauge, err = newGauge(ctx, s.server.URL(), s.schema, s.mix.receipts)
	return err
}

// close leaves nothing behind on the server, and no server of ours.
func (s *stage) close() (err error) {
	if s.store != nil {
		err = s.store.Close(context.Background())
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if s.gauge != nil {
		s.gauge.close(ctx)
	}
	switch {
	case s.server == nil:
		return err
	case s.server.Owned():
		return errors.Join(err, s.server.Stop(ctx))
	default:
		return errors.Join(err, ephemeral.DropSchema(ctx, s.server.URL(), s.schema))
	}
}
