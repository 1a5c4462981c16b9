// A small line of the last minutes, drawn as it is: no axis, the highest point in words beside it.

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [240, 64];
/** The line itself needs some room at the edges. */
const MARGIN = 2;

/** The figures of the last `seconds`; a gap longer than `gapSeconds` is left blank. */
export class Sparkline {
  #seconds;
  #gapMs;
  #points = [];
  #line = shape("path", { class: "spark-line" });
  #area = shape("path", { class: "spark-area" });

  constructor({ seconds, gapSeconds }) {
    this.#seconds = seconds;
    this.#gapMs = gapSeconds * 1000;
    // Wide as its place is; the line is as thick all the same.
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" };
    this.element = shape("svg", box);
    this.element.append(this.#area, this.#line);
  }

  get highest() {
    return Math.max(0, ...this.#points.map(({ value }) => value));
  }

  add(value, at) {
    this.#points.push({ value, at });
    this.#draw(at);
  }

  clear() {
    this.#points = [];
    this.#draw(0);
  }

  #draw(now) {
    const from = now - this.#seconds * 1000;
    this.#points = this.#points.filter(({ at }) => at >= from);
    const x = ({ at }) => (((at - from) / (now - from)) * WIDTH).toFixed(1);
    const scale = (HEIGHT - 2 * MARGIN) / Math.max(1, this.highest);
    const y = ({ value }) => (HEIGHT - MARGIN - value * scale).toFixed(1);
    const runs = this.#runs().map((run) => ({ run, line: run.map((point) => `${x(point)} ${y(point)}`).join("L") }));
    this.#line.setAttribute("d", runs.map(({ line }) => `M${line}`).join(""));
    const down = ({ run, line }) => `M${x(run[0])} ${HEIGHT}L${line}L${x(run.at(-1))} ${HEIGHT}Z`;
    this.#area.setAttribute("d", runs.map(down).join(""));
  }

  /** The points that follow each other without a gap. */
  #runs() {
    const runs = [];
    for (const [index, point] of this.#points.entries()) {
      const before = this.#points[index - 1];
      if (before && point.at - before.at <= this.#gapMs) runs.at(-1).push(point);
      else runs.push([point]);
    }
    return runs;
  }
}

function shape(name, attributes) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
