package pgproxy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

var (
	commit   = pgproxy.Message(pgproxy.Frontend, 'Q', "COMMIT")
	answered = pgproxy.Message(pgproxy.Backend, 'C', "COMMIT")
)

// beginInsert leaves a transaction open that has inserted a row.
func beginInsert(t *testing.T, proxy *pgproxy.Proxy, table string) *pgx.Conn {
	t.Helper()
	conn := connect(t, proxy)
	exec(t, conn, "BEGIN")
	exec(t, conn, "INSERT INTO "+table+" VALUES (1)")
	return conn
}

func TestHold(t *testing.T) {
	for name, held := range map[string]struct {
		frame func(*pgproxy.Frame) bool
		rows  int // meanwhile
	}{
		"COMMIT":     {commit, 0},
		"its answer": {answered, 1},
	} {
		proxy, table := start(t), table(t)
		conn := beginInsert(t, proxy, table)
		trap := proxy.On(held.frame, 1, pgproxy.Hold)
		var committing sync.WaitGroup
		var told error
		committing.Go(func() { _, told = conn.Exec(t.Context(), "COMMIT") })
		<-trap.Hit
		if n := query[int](t, "SELECT count(*) FROM "+table); n != held.rows {
			t.Errorf("%d rows while %s is held, want %d", n, name, held.rows)
		}
		trap.Release()
		committing.Wait()
		if told != nil {
			t.Errorf("after %s was released: %v", name, told)
		}
	}
}

// What was held arrives even when its sender is gone by then.
func TestHoldOutlivesTheClient(t *testing.T) {
	proxy, table := start(t), table(t)
	conn := beginInsert(t, proxy, table)
	trap := proxy.On(commit, 1, pgproxy.Hold)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-trap.Hit
		cancel()
	}()
	if _, err := conn.Exec(ctx, "COMMIT"); err == nil {
		t.Fatal("COMMIT was answered")
	}
	trap.Release()
	awaitGone(t, conn)
	if n := query[int](t, "SELECT count(*) FROM "+table); n != 1 {
		t.Errorf("%d rows, want the one of the late COMMIT", n)
	}
}

func TestDelay(t *testing.T) {
	const delay = 5 * time.Millisecond
	proxy := start(t)
	conn := connect(t, proxy)
	proxy.On(pgproxy.Message(pgproxy.Backend, 'Z', ""), pgproxy.Every, pgproxy.Delay(delay))
	for range 2 {
		wantNotBefore(t, delay, func() { exec(t, conn, "SELECT 1") })
	}
}

func TestDrop(t *testing.T) {
	proxy := start(t)
	config := config(t, proxy)
	var notices []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
	conn := connectWith(t, config)
	trap := proxy.On(pgproxy.Message(pgproxy.Backend, 'N', ""), 2, pgproxy.Drop)
	exec(t, conn, "DO $$ BEGIN FOR i IN 1..3 LOOP RAISE NOTICE '%', i; END LOOP; END $$")
	<-trap.Hit
	if got := fmt.Sprint(notices); got != "[1 3]" {
		t.Errorf("got notices %s, want all but the second", got)
	}
}

// A frame of many buffers is dropped whole.
func TestDropLong(t *testing.T) {
	proxy, table := start(t), table(t)
	conn := connect(t, proxy)
	trap := proxy.On(pgproxy.Message(pgproxy.Frontend, 'Q', "long"), 1, pgproxy.Drop)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-trap.Hit
		cancel()
	}()
	if _, err := conn.Exec(ctx, "INSERT INTO "+table+" VALUES (1) /* long */"+strings.Repeat(" ", 1<<20)); err == nil {
		t.Fatal("the statement was answered")
	}
	awaitGone(t, conn)
	if n := query[int](t, "SELECT count(*) FROM "+table); n != 0 {
		t.Errorf("%d rows of a statement that was dropped", n)
	}
}

// A connection is cut at every point of COMMIT and of its answer, in every way.
func TestCut(t *testing.T) {
	for _, side := range []struct {
		from  pgproxy.Side
		match func(*pgproxy.Frame) bool
	}{
		{pgproxy.Frontend, commit},
		{pgproxy.Backend, answered},
	} {
		for _, at := range []pgproxy.Point{pgproxy.Before, pgproxy.Within, pgproxy.After} {
			for _, ending := range []pgproxy.Ending{pgproxy.FIN, pgproxy.RST, pgproxy.Blackhole} {
				committed := side.from == pgproxy.Backend || at == pgproxy.After
				t.Run(fmt.Sprintf("%v/%v/%v", side.from, at, ending), func(t *testing.T) {
					testCut(t, side.match, pgproxy.Cut(at, ending), ending, committed)
				})
			}
		}
	}
}

func testCut(t *testing.T, match func(*pgproxy.Frame) bool, cut pgproxy.Fault, ending pgproxy.Ending, committed bool) {
	proxy, table := start(t), table(t)
	conn := beginInsert(t, proxy, table)
	trap := proxy.On(match, 1, cut)
	client := hijack(t, conn)
	go func() {
		<-trap.Hit
		if ending == pgproxy.Blackhole { // nothing else ends the waiting
			_ = client.Conn.SetDeadline(time.Unix(1, 0))
		}
	}()
	wantEnding(t, ask(client, "COMMIT"), ending)
	if ending != pgproxy.Blackhole {
		awaitGone(t, conn)
	}
	if committed {
		await(t, "SELECT EXISTS (SELECT FROM "+table+")")
	} else if n := query[int](t, "SELECT count(*) FROM "+table); n > 0 {
		t.Error("committed")
	}
	proxy.Close()
	awaitGone(t, conn)
}

// Every frame of an exchange can be cut off, one after the other.
func TestSweep(t *testing.T) {
	proxy := start(t)
	var frames []string
	for n := 1; ; n++ {
		conn := connect(t, proxy)
		var frame string
		trap := proxy.On(func(f *pgproxy.Frame) bool {
			frame = f.String()
			return true
		}, n, pgproxy.Cut(pgproxy.Before, pgproxy.RST))
		err := ask(hijack(t, conn), "SELECT 1")
		trap.Remove()
		if trap.Count() < n {
			if err != nil {
				t.Errorf("nothing was cut, and yet: %v", err)
			}
			break
		}
		wantEnding(t, err, pgproxy.RST)
		frames = append(frames, frame)
	}
	const want = "[frontend Q backend T backend D backend C backend Z]"
	if got := fmt.Sprint(frames); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
