"use strict";

// shortest is how many seconds a chart spans at least.
const shortest = 60;

// A chart is a card with a title, a hint for who points at it, the newest values (or those under the pointer), and their curves.
class Chart {
  constructor(parent, { title, hint, large, series, format, least, steps, history }) {
    this.series = series;
    this.format = format;
    this.history = history;
    this.values = series.map(() => document.createElement("b"));

    const card = element("article", large ? "card chart large" : "card chart");
    const head = element("div", "head");
    const values = element("div", "values");
    series.forEach((s, i) => {
      const value = element("div", "value " + s.color);
      value.append(this.values[i], element("small", "", s.label));
      values.append(value);
    });
    const name = element("h2", "", title);
    name.title = hint;
    head.append(name, values);
    this.box = element("div", "plot");
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", `${title}, the last minutes: ${hint}`);
    card.append(head, this.box);
    parent.append(card);

    this.plot = new uPlot(this.options(large, least, steps), [[], ...series.map(() => [])], this.box);
    new ResizeObserver(() => this.fit()).observe(this.box);
  }

  options(large, least, steps) {
    const font = "11px " + getComputedStyle(document.body).fontFamily;
    const axis = { font, stroke: () => color("soft"), grid: { stroke: () => color("grid"), width: 1 }, ticks: { show: false } };
    return {
      ...this.size(),
      padding: [8, large ? 24 : 4, large ? 0 : 6, 0],
      legend: { show: false },
      cursor: { sync: { key: "charts" }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
      hooks: { setCursor: [() => this.tell()] },
      scales: {
        x: { time: true, range: (_, oldest, newest) => [Math.max(newest - this.history, Math.min(oldest, newest - shortest)), newest] },
        y: { range: (_, __, highest) => [0, Math.max(least, highest === null ? 0 : highest * 1.12)] },
      },
      axes: [
        { ...axis, show: large, size: 24, space: 90, grid: { show: false }, values: (_, at) => at.map(clock) },
        { ...axis, size: 54, gap: 4, space: 30, incrs: steps, values: (_, all) => all.map((v) => this.format(v, true)) },
      ],
      series: [{}, ...this.series.map((s) => ({
        stroke: () => color(s.color), width: 1.75, points: { show: false },
        fill: s.filled ? () => color(s.color) + "22" : undefined,
      }))],
    };
  }

  size() { return { width: Math.max(this.box.clientWidth, 10), height: Math.max(this.box.clientHeight, 10) }; }

  fit() {
    const { width, height } = this.size();
    if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
  }

  show(points) {
    this.plot.setData([points.map((p) => p.at), ...this.series.map((s) => points.map((p) => p[s.key]))]);
    this.tell();
  }

  // tell writes the values under the pointer, the newest where it is elsewhere.
  tell() {
    if (!this.plot) return;
    const at = this.plot.cursor.idx ?? this.plot.data[0].length - 1;
    this.series.forEach((s, i) => {
      const value = this.plot.data[i + 1][at];
      this.values[i].textContent = value === null || value === undefined ? "–" : this.format(value, false);
    });
  }

  redraw() { this.plot.redraw(false, true); }
}

// element makes one of a class, with a text that is never markup.
function element(tag, className = "", text = "") {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== "") e.textContent = text;
  return e;
}

function color(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); }

// clock is the time of day where the reader is.
function clock(seconds) { return new Date(seconds * 1000).toLocaleTimeString("en-GB"); }

// Numbers, with units; short where there is little room, on an axis.
const format = {
  count(n, short) {
    if (n >= 1e6) return digits(n / 1e6, short) + " M";
    if (n >= (short ? 1e3 : 1e5)) return digits(n / 1e3, short) + " k";
    return n >= 100 || Number.isInteger(n) ? Math.round(n).toLocaleString("en-US") : digits(n, short);
  },
  seconds(s, short) {
    if (s === 0) return "0";
    if (s < 0.001) return Math.round(s * 1e6) + " µs";
    if (s < 1) return digits(s * 1e3, short) + " ms";
    return s < 120 ? digits(s, short) + " s" : Math.round(s / 60) + " min";
  },
  bytes(b, short) {
    if (b === 0) return "0";
    if (b < 2 ** 20) return digits(b / 2 ** 10, short) + " KiB";
    return b < 2 ** 30 ? digits(b / 2 ** 20, short) + " MiB" : digits(b / 2 ** 30, short) + " GiB";
  },
};

function digits(n, short) {
  if (n >= 100) return String(Math.round(n));
  return short ? String(Number(n.toFixed(2))) : n.toFixed(1);
}
