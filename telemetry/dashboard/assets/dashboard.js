"use strict";

const byID = (id) => document.getElementById(id);

// powers are the distances of lines in a chart of bytes.
const powers = Array.from({ length: 30 }, (_, i) => 2 ** (20 + i));

// kinds are the charts, in the order of the page. %inFlight stands for how many commits may be, %queue for how many commands have room.
const kinds = [
  { title: "Throughput", hint: "what is committed each second", large: true, format: format.count, least: 10, series: [
    { key: "commands", label: "commands/s", color: "blue", filled: true },
    { key: "events", label: "events/s", color: "teal" }] },
  { title: "Latency, from Submit to the verdict", hint: "half of the commands, 95 and 99 of 100 take no longer", large: true, format: format.seconds, least: 0.001, series: [
    { key: "p50", label: "P50", color: "blue" },
    { key: "p95", label: "P95", color: "amber" },
    { key: "p99", label: "P99", color: "red" }] },
  { title: "Commands per commit", hint: "how many share one transaction: more of them under more load", format: format.count, least: 2, series: [{ key: "perCommit", label: "on average", color: "violet", filled: true }] },
  { title: "In flight", hint: "batches that were taken and are not answered; so many commits can be under way at a time", format: format.count, least: 3, series: [{ key: "inFlight", label: "of %inFlight", color: "violet", filled: true }] },
  { title: "Queue", hint: "commands that wait for a commit", format: format.count, least: 10, series: [{ key: "queue", label: "of %queue", color: "blue", filled: true }] },
  { title: "Lag of readers", hint: "how old the oldest event is that a projection or subscription has not handled", format: format.seconds, least: 0.1, series: [{ key: "lag", label: "the furthest behind", color: "amber", filled: true }] },
  { title: "Active streams", hint: "streams that commands were committed to, about", format: format.count, least: 10, series: [{ key: "streams", label: "in the last minute", color: "teal", filled: true }] },
  { title: "Memory", hint: "what the process has of the system's, as far as Go manages it", format: format.bytes, least: 2 ** 24, steps: powers, series: [{ key: "memory", label: "Go runtime", color: "teal", filled: true }] },
];

// page is what the page knows.
const page = { run: "", newest: 0, interval: 1, points: [], charts: [] };

// refresh asks for what is new, and comes again, whatever becomes of it.
async function refresh() {
  const data = await ask();
  setTimeout(refresh, page.interval * 1000);
  if (data) show(data);
  else status("missed", "no answer from the process");
}

// ask gives null where nobody answers.
async function ask() {
  try {
    const query = new URLSearchParams({ run: page.run, after: page.newest });
    const answer = await fetch("data?" + query, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function show(data) {
  if (data.run !== page.run) begin(data);
  page.newest = data.newest;
  page.interval = data.interval;
  page.points = page.points.concat(data.points).slice(-Math.ceil(data.history / data.interval) - 1);
  for (const chart of page.charts) chart.show(page.points);

  byID("name").textContent = data.name;
  document.title = data.name + " dashboard";
  byID("totals").textContent = `${whole(data.totals.commands)} commands in ${whole(data.totals.commits)} commits, ` +
    `${whole(data.totals.events)} events, up ${duration(data.uptime)}`;
  showStatus(data);
  byID("window").textContent = "over the last " + (data.window === 60 ? "minute" : duration(data.window));
  showTargets(data.targets);
  showReaders(data.readers);
  showCommits(data.commits);
  showControls(data.controls);
}

// begin makes everything anew: the page was just opened, or the program was started again.
function begin(data) {
  page.run = data.run;
  page.points = [];
  for (const chart of page.charts) chart.plot.destroy();
  page.charts = [];
  byID("charts").replaceChildren();
  byID("controls").replaceChildren();
  for (const kind of kinds) {
    const series = kind.series.map((s) => ({ ...s, label: s.label.replace("%inFlight", data.limits.inFlight).replace("%queue", whole(data.limits.queue)) }));
    page.charts.push(new Chart(byID("charts"), { ...kind, series, history: data.history }));
  }
}

function status(state, words) {
  byID("status").className = "status " + state;
  if (byID("status-words").textContent !== words) byID("status-words").textContent = words; // a screen reader is told of changes only
}

function showStatus(data) {
  const missed = data.targets.filter((t) => t.missed).length;
  if (data.stopped) status("missed", "writing has stopped");
  else if (missed > 0) status("missed", missed === 1 ? "1 target missed" : missed + " targets missed");
  else status("met", "all targets met");
}

function showTargets(targets) {
  byID("targets").replaceChildren(...targets.map((t) => {
    const item = light(t.missed ? "missed" : t.judged ? "met" : "unjudged", t.title, standing(t));
    if (t.missed) item.title = `${t.words}; since ${clock(t.since)}`;
    return item;
  }));
}

// standing says how a target does.
function standing(t) {
  if (!t.judged) return t.missed ? "missed when last judged" : t.words;
  if (!t.state) return `${amount(t.value, t.unit)}, ${t.atLeast ? "at least" : "below"} ${amount(t.limit, t.unit, true)}`;
  return t.missed ? "no" : "yes";
}

function showReaders(readers) {
  byID("readers-title").hidden = readers.length === 0;
  byID("readers").replaceChildren(...readers.map((r) => light(r.missed ? "missed" : "met", r.name,
    r.stopped ? "has given up" : r.events === 0 ? "up to date" : `${whole(r.events)} events behind, ${format.seconds(r.age)}`)));
}

// light is a line of a list whose light is green or red, or grey where nobody knows; words say so, too.
function light(state, what, how) {
  const item = element("li", state);
  const lamp = element("span", "light");
  lamp.setAttribute("role", "img");
  lamp.setAttribute("aria-label", state);
  item.append(lamp, element("span", "what", what), element("span", "how", how));
  return item;
}

function showCommits(commits) {
  const most = Math.max(1, ...commits.map((c) => c.commands));
  byID("commits").replaceChildren(...commits.map((c) => {
    const row = element("tr");
    const bar = element("td", "bar");
    const length = element("div", "length");
    length.style.width = 100 * c.commands / most + "%";
    bar.append(length, element("span", "", whole(c.commands)));
    row.append(element("td", "", moment(c.at)), bar, element("td", "", whole(c.events)),
      element("td", "extra", whole(c.first) + " – " + whole(c.last)), element("td", "extra", format.bytes(c.bytes)),
      element("td", "", format.seconds(c.took)));
    return row;
  }));
}

function showControls(controls) {
  const box = byID("controls");
  box.hidden = controls.length === 0;
  if (box.childElementCount !== controls.length) box.replaceChildren(...controls.map(control));
  controls.forEach((c, i) => {
    const [output, input] = box.children[i].querySelectorAll("output, input");
    if (input === document.activeElement && input.matches(":active")) return; // somebody is moving it
    input.value = c.value;
    output.textContent = c.value;
  });
}

function control(c, index) {
  const label = element("label");
  const output = element("output");
  const input = element("input");
  input.type = "range";
  input.min = c.min;
  input.max = c.max;
  input.addEventListener("input", () => { output.textContent = input.value; });
  input.addEventListener("change", () => change(index, Number(input.value)));
  label.append(element("span", "", c.label), output, input);
  return label;
}

async function change(index, value) {
  try {
    const answer = await fetch("control", {
      method: "POST", headers: { "Content-Type": "application/json", "Dashboard-Control": "1" }, body: JSON.stringify({ control: index, value }),
    });
    if (!answer.ok) status("missed", "the change was refused");
  } catch {
    status("missed", "no answer from the process");
  }
}

function whole(n) { return n.toLocaleString("en-US"); }

// moment is a time of day to the millisecond.
function moment(at) { return clock(new Date(at).getTime() / 1000) + at.slice(19, 23); }

function amount(n, unit, short) {
  if (unit === "s") return format.seconds(n, short);
  if (unit === "bytes") return format.bytes(n, short);
  if (unit === "part") return Math.round(100 * n) + " %";
  return format.count(n, short) + unit;
}

function duration(seconds) {
  if (seconds < 120) return Math.round(seconds) + " s";
  return seconds < 7200 ? Math.round(seconds / 60) + " min" : (seconds / 3600).toFixed(1) + " h";
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.charts.forEach((chart) => chart.redraw()));
refresh();
