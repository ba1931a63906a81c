package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures are the charts as they look now.
const pictures = `[...document.querySelectorAll("canvas")].map((c) => c.toDataURL())`

func TestChartsMoveUnderLoad(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	ask[[]string](t, ctx, `globalThis.before = `+pictures)
	total := ask[string](t, ctx, `document.getElementById("totals").textContent`)
	await(t, ctx, pictures+`.every((picture, i) => picture !== before[i])`)
	await(t, ctx, `!["–", "0"].includes(document.querySelector(".value b").textContent)`) // commands a second
	if now := ask[string](t, ctx, `document.getElementById("totals").textContent`); now == total {
		t.Errorf("it was %q before the charts moved, and is so still", now)
	}
	o.mustHaveSeenNothing(t)
}

func TestNamesAreTextAndNothingElse(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	for _, place := range []string{"#name", "#readers .what", "#controls label span"} {
		if text := ask[string](t, ctx, `document.querySelector("`+place+`").textContent`); text != hostile {
			t.Errorf("%s says %q", place, text)
		}
	}
	if n := ask[int](t, ctx, `document.querySelectorAll("main img, main script, header script, h1 *").length`); n != 0 {
		t.Errorf("%d elements were made of names", n)
	}
	o.mustHaveSeenNothing(t)
}

// What cannot be judged is neither green nor red, and each target says what it is about.
func TestLightsOfTargets(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	lights := ask[map[string]string](t, ctx, `Object.fromEntries([...document.querySelectorAll("#targets li")].map((l) =>
		[l.querySelector(".what").textContent, l.className + ": " + l.querySelector(".how").textContent]))`)
	for title, want := range map[string]string{
		"Writing goes on": "met: yes", "Nothing stuck": "met: yes", "Queue taken": "unjudged: no whole window yet", "Commands": "unjudged: no whole window yet",
		"Readers go on": "met: yes",
	} {
		if lights[title] != want {
			t.Errorf("%s is %q, want %q", title, lights[title], want)
		}
	}
	if over := ask[string](t, ctx, `document.getElementById("window").textContent`); over != "over the last minute" {
		t.Errorf("they are judged %q", over)
	}
	o.mustHaveSeenNothing(t)
}

// A reader that is as far behind as it must not be has a red light, and only that.
func TestLightsOfReaders(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	if lights := ask[string](t, ctx, `[...document.querySelectorAll("#readers li")].map((l) => l.className).join()`); lights != "met,missed" {
		t.Errorf("the lights are %s", lights)
	}
	o.mustHaveSeenNothing(t)
}

func TestControl(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	ask[bool](t, ctx, `(() => {
		const slider = document.querySelector("#controls input");
		slider.value = 7;
		return slider.dispatchEvent(new Event("change"));
	})()`)
	for begun := time.Now(); s.control.Load() != 7; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("the control was not set")
		}
	}
	await(t, ctx, `document.querySelector("#controls output").textContent === "7"`)
	o.mustHaveSeenNothing(t)
}

func TestPhone(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	for _, width := range []int64{320, 390, 768, 1280} {
		do(t, ctx, chromedp.EmulateViewport(width, 800, chromedp.EmulateMobile))
		await(t, ctx, fmt.Sprintf(`document.documentElement.scrollWidth <= %d &&
			[...document.querySelectorAll("canvas")].every((c) => c.getBoundingClientRect().right <= innerWidth)`, width))
	}
	o.mustHaveSeenNothing(t)
}

// contrast is the least contrast of any text with what is behind it, by the definition of WCAG 2, and the text.
const contrast = `(() => {
	const parts = (color) => color.match(/[\d.]+/g).map(Number);
	const luminance = ([r, g, b]) => [[r, .2126], [g, .7152], [b, .0722]].reduce((sum, [c, weight]) =>
		sum + weight * (c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4), 0);
	const behind = (e) => {
		const color = parts(getComputedStyle(e).backgroundColor);
		return color[3] === 0 && e.parentElement ? behind(e.parentElement) : color;
	};
	let least = [21, ""];
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join("");
		if (text === "" || e.tagName === "NOSCRIPT" || e.offsetParent === null) continue;
		const [dark, light] = [luminance(parts(getComputedStyle(e).color)), luminance(behind(e))].sort((a, b) => a - b);
		const ratio = (light + .05) / (dark + .05);
		if (ratio < least[0]) least = [ratio, text];
	}
	return least;
})()`

func TestDarkAndLight(t *testing.T) {
	ctx, s := tab(t), show(t)
	o := open(t, ctx, s)
	backgrounds := map[string]bool{}
	for _, name := range []string{"light", "dark"} {
		do(t, ctx, Scheme(name))
		backgrounds[ask[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)] = true
		least := ask[[]any](t, ctx, contrast)
		if ratio, ok := least[0].(float64); !ok || ratio < 4.5 {
			t.Errorf("%s: the contrast of %q is %v", name, least[1], least[0])
		}
	}
	if len(backgrounds) != 2 {
		t.Errorf("light and dark are the same: %v", backgrounds)
	}
	o.mustHaveSeenNothing(t)
}

func TestPageTellsThatNobodyAnswers(t *testing.T) {
	ctx, s := tab(t), show(t)
	open(t, ctx, s)
	s.server.Close()
	await(t, ctx, `document.getElementById("status-words").textContent === "no answer from the process"`)
}

// A page that stays open while the program is started again begins anew, also where that has nothing to show yet.
func TestPageOutlivesTheProcess(t *testing.T) {
	ctx := tab(t)
	var now atomic.Value
	now.Store(show(t).handler)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.Load().(http.Handler).ServeHTTP(w, r) }))
	defer front.Close()
	o := open(t, ctx, &shown{url: front.URL})
	run := ask[string](t, ctx, `page.run`)
	now.Store(show(t).handler)
	await(t, ctx, `page.run !== "`+run+`" && page.points.length > 2 && document.querySelectorAll("canvas").length === 8`)
	o.mustHaveSeenNothing(t)
}

// What the other tests rely on not to happen is seen when it does.
func TestObserverSeesWhatIsForbidden(t *testing.T) {
	const page = `<!DOCTYPE html><img src="missing.png"><img src="http://127.0.0.2:1/elsewhere.png"><script src="bad.js"></script><p style="color:red">`
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "style-src 'self'")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	})
	mux.HandleFunc("GET /bad.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`console.error("complaint"); throw new Error("thrown");`))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	ctx := tab(t)
	o := observe(t, ctx, server.URL)
	do(t, ctx, chromedp.Navigate(server.URL+"/"))
	for _, want := range []string{"a request to http://127.0.0.2:1/", "status 404", "told: error", "an exception", "Content Security Policy"} {
		for begun := time.Now(); !strings.Contains(o.seen(), want); time.Sleep(10 * time.Millisecond) {
			if time.Since(begun) > patience {
				t.Fatalf("%q was not seen:\n%s", want, o.seen())
			}
		}
	}
}
