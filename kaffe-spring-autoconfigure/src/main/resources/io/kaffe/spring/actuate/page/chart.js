/*
 * Lines over time, drawn as SVG.
 */

import { drawing, element, setAttribute, setText } from "./element.js";
import { duration, isKnown } from "./format.js";

const WIDTH = 600;

const HEIGHT = 120;

const SHORTEST_MILLIS = 60_000;

/** A chart of one series: the area under a line, what it is now, and what it was under the pointer. */
class Chart {

  #now = element("strong");

  #unit;

  #area = drawing("path", { class: "area" });

  #line = drawing("path", { class: "line" });

  #cursor = drawing("line", { class: "cursor", y1: 0, y2: HEIGHT, hidden: true });

  #picture;

  #top = element("span", { class: "top" });

  #begin = element("span");

  #label;

  #format;

  #drawn = [];

  #pointed = null;

  constructor(title, unit, format) {
    this.#label = title;
    this.#unit = unit;
    this.#format = format;
    this.#picture = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
        pointermove: (event) => this.#point(event), pointerleave: () => this.#leave() },
        drawing("path", { class: "grid", d: `M0 1H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}` }),
        this.#area, this.#line, this.#cursor);
    this.root = element("figure", { class: "chart" },
        element("figcaption", {}, element("span", {}, title), this.#now),
        element("div", { class: "plot" }, this.#picture, this.#top),
        element("div", { class: "axis" }, this.#begin, element("span", {}, "now")));
  }

  /** Draw points {at, value}; an undefined or null value is a gap. */
  update(points) {
    const end = points.at(-1)?.at ?? Date.now();
    const begin = Math.min(points[0]?.at ?? end, end - SHORTEST_MILLIS);
    const known = points.map((point) => point.value).filter(isKnown);
    const top = ceiling(Math.max(1, ...known));
    this.#drawn = points.filter((point) => isKnown(point.value)).map((point) => ({ ...point,
        x: (point.at - begin) / (end - begin) * WIDTH }));
    const runs = [];
    let run = null;
    for (const point of points) {
      if (!isKnown(point.value)) {
        run = null;
        continue;
      }
      if (run === null) {
        runs.push(run = []);
      }
      run.push([(point.at - begin) / (end - begin) * WIDTH, HEIGHT - 1 - point.value / top * (HEIGHT - 4)]);
    }
    const lines = runs.map((each) => each.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L"));
    setAttribute(this.#line, "d", lines.map((line) => `M${line}`).join("") || "M0 0");
    setAttribute(this.#area, "d", lines.map((line, index) =>
        `M${runs[index][0][0].toFixed(1)} ${HEIGHT}L${line}V${HEIGHT}Z`).join("") || "M0 0");
    setText(this.#top, this.#format(top));
    setText(this.#begin, `${duration((end - begin) / 1000)} ago`);
    const now = points.at(-1)?.value;
    setAttribute(this.#picture, "aria-label", `${this.#label}: now ${this.#format(now)}, highest `
        + `${known.length ? this.#format(Math.max(...known)) : "unknown"} in the last ${duration((end - begin) / 1000)}`);
    if (this.#pointed === null) {
      setText(this.#now, `${this.#format(now)}${this.#unit}`);
    }
    else {
      this.#show();
    }
  }

  #point(event) {
    const box = this.#picture.getBoundingClientRect();
    this.#pointed = (event.clientX - box.left) / box.width * WIDTH;
    this.#show();
  }

  #show() {
    let nearest = null;
    for (const point of this.#drawn) {
      if (nearest === null || Math.abs(point.x - this.#pointed) < Math.abs(nearest.x - this.#pointed)) {
        nearest = point;
      }
    }
    if (nearest !== null) {
      setAttribute(this.#cursor, "hidden", false);
      setAttribute(this.#cursor, "x1", nearest.x);
      setAttribute(this.#cursor, "x2", nearest.x);
      const ago = (this.#drawn.at(-1).at - nearest.at) / 1000;
      setText(this.#now, `${this.#format(nearest.value)}${this.#unit}, ${(ago < 1) ? "now" : `${duration(ago)} ago`}`);
    }
  }

  #leave() {
    this.#pointed = null;
    setAttribute(this.#cursor, "hidden", true);
    const now = this.#drawn.at(-1)?.value;
    setText(this.#now, `${this.#format(now)}${this.#unit}`);
  }

}

// The next of 1, 2, 5, 10, 20, 50, …
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value);
}

export { Chart };
