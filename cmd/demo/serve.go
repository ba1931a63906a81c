package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
	"github.com/groupcommit/groupcommit/telemetry"
	"github.com/groupcommit/groupcommit/telemetry/dashboard"
)

// mostClients can work on one workload.
const mostClients = 400

// serve runs a mixed load on a server until ctx ends, and shows it on a page meanwhile. Then it lets finish what has begun, proves that the
// log is sound, and prints what it came to.
func serve(ctx context.Context, c *config, out *terminal) (err error) {
	out.printTitle()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("DEMO_LISTEN: %w", err)
	}
	defer listener.Close()
	server, err := openServer(ctx, c, out)
	if err != nil {
		return interruption(ctx, err)
	}
	defer func() { err = errors.Join(err, server.close()) }()
	out.printServer(server)

	store, err := groupcommit.Open(ctx, c.storeConfig(server))
	if err != nil {
		return interruption(ctx, err)
	}
	defer func() { err = errors.Join(err, closeStore(store)) }()
	projections, err := startProjections(ctx, store, server.url, server.facts.Schema)
	if err != nil {
		return interruption(ctx, err)
	}
	at := newAddress(listener.Addr(), c.Listen, c.Hosts)
	s := &service{config: c, out: out, address: at, server: server, store: store, projections: projections}
	err = s.run(ctx, listener)
	return errors.Join(err, projections.close())
}

// service is one run of serve.
type service struct {
	config      *config
	out         *terminal
	address     address
	server      *server
	store       *groupcommit.Store
	projections *projections
	crowds      []*crowd
}

func (s *service) run(ctx context.Context, listener net.Listener) error {
	if err := s.prepare(ctx); err != nil {
		return interruption(ctx, err)
	}
	seen, err := telemetry.New(s.store, telemetry.Config{
		Name:        "groupcommit demo",
		Targets:     telemetry.Development(),
		Hosts:       s.address.hosts,
		Projections: s.projections.runner,
		Interval:    time.Second,
	})
	if err != nil {
		return err
	}
	defer seen.Close()
	page, err := dashboard.New(seen, s.dashboardConfig())
	if err != nil {
		return err
	}
	defer page.Close()

	web := &http.Server{Handler: routes(seen, page), ReadTimeout: 10 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute}
	defer web.Close()
	var running sync.WaitGroup
	var served error
	running.Go(func() { served = web.Serve(listener) })

	s.printAddresses()
	for i, crowd := range s.crowds {
		crowd.resize(s.config.ServeClients[i])
	}
	<-ctx.Done()
	s.out.logf("\nFinishing what has begun ...")
	for _, crowd := range s.crowds {
		crowd.stop()
	}
	web.Close()
	running.Wait()
	if errors.Is(served, http.ErrServerClosed) {
		served = nil
	}
	return errors.Join(served, s.conclude(context.WithoutCancel(ctx)))
}

// prepare preloads what the bank and the shop work on, and gets the clients ready. Money and goods do not run out.
func (s *service) prepare(ctx context.Context) error {
	commands := s.config.ServeCommands
	preload := workload.Preload{Opening: workload.OpeningFor(2 * commands), Stock: workload.StockFor(commands)}
	budget := &budget{spent: func() {
		s.out.logf("%s commands: the load ends here, DEMO_SERVE_COMMANDS allows for more", thousands(commands))
	}}
	budget.left.Store(int64(commands))
	s.crowds = []*crowd{
		{name: "Bank (W1): clients on 20 hot accounts", do: workload.NewBank(s.store, "", true).Do, budget: budget},
		{name: "Shop (W2): clients on 10 hot products", do: workload.NewShop(s.store, "").Do, budget: budget},
		{name: fmt.Sprintf("Service (W4): clients on %s streams", thousands(s.config.Streams)), do: workload.NewStreams(s.store, s.config.Streams).Do,
			budget: budget},
	}
	if err := preload.Run(ctx, s.store); err != nil {
		return err
	}
	_, err := s.projections.catchUp(ctx)
	return err
}

func (s *service) dashboardConfig() dashboard.Config {
	c := dashboard.Config{Profiles: s.config.Profiles, Hosts: s.address.hosts}
	for _, crowd := range s.crowds {
		c.Controls = append(c.Controls, dashboard.Control{Label: crowd.name, Max: mostClients, Get: crowd.size, Set: crowd.resize})
	}
	return c
}

func routes(seen *telemetry.Telemetry, page *dashboard.Dashboard) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", seen.Handler())
	mux.Handle("/dashboard/", http.StripPrefix("/dashboard", page.Handler()))
	mux.Handle("GET /{$}", http.RedirectHandler("/dashboard/", http.StatusFound))
	return mux
}

func (s *service) printAddresses() {
	line := func(name, path string) { s.out.printf("  %-10s %s\n", name, s.address.here()+path) }
	line("dashboard", "/dashboard/")
	line("metrics", "/metrics")
	line("health", "/health")
	line("readiness", "/ready")
	if s.config.Profiles {
		line("profiles", "/dashboard/debug/pprof/")
	}
	if elsewhere := s.address.elsewhere(); elsewhere != "" {
		s.out.printf("  %-10s %s\n", "elsewhere", elsewhere+"/dashboard/")
	}
	s.out.printf("\n%s ends it.\n", s.out.style.bold("Ctrl-C"))
}

// conclude proves that the log is sound and prints what there was.
func (s *service) conclude(ctx context.Context) error {
	if err := s.store.Flush(ctx); err != nil {
		return err
	}
	lags, err := s.projections.catchUp(ctx)
	if err != nil {
		return fmt.Errorf("the read models do not catch up: %w", err)
	}
	s.printTotals(lags)
	s.out.logf("Reading the whole log ...")
	begun := time.Now()
	report, err := s.store.Verify(ctx)
	if err != nil {
		return fmt.Errorf("verifying the log: %w", err)
	}
	s.out.printVersions(&s.server.facts)
	s.out.printVerification(&report, time.Since(begun))
	return errors.Join(damage(&report), s.failed())
}

func (s *service) printTotals(lags []lagReport) {
	now := s.store.Stats()
	rates := now.Since(&groupcommit.Stats{At: now.Opened})
	line := func(name, value string) { s.out.printf("  %-12s %s\n", name, value) }
	line("ran for", now.At.Sub(now.Opened).Round(time.Second).String())
	line("commands", thousands(int(now.Commands.Committed))+" committed")
	line("conflicts", thousands(int(now.Commands.Conflicts))+" came second on a stream and were decided again")
	line("events", thousands(int(now.Events)))
	line("read models", behind(lags)+" when the load had ended")
	line("commits", fmt.Sprintf("%s, of %.1f commands on average", thousands(int(now.Commits.Count())), rates.PerCommit))
	line("latency", fmt.Sprintf("P50 %v, P95 %v, P99 %v", rounded(rates.P50), rounded(rates.P95), rounded(rates.P99)))
}

func rounded(latency time.Duration) time.Duration { return latency.Round(10 * time.Microsecond) }

// failed is nil when no command has failed.
func (s *service) failed() error {
	var all []error
	for _, crowd := range s.crowds {
		if count, first := crowd.failures.get(); count > 0 {
			all = append(all, fmt.Errorf("%s: %d commands failed, the first with: %w", crowd.name, count, first))
		}
	}
	return errors.Join(all...)
}
