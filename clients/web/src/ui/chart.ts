/** A small line of bitrates over time. */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 60;
const HEIGHT = 20;

/** Points of a polyline in a box of 60 by 20, newest at the right edge; empty for too few values. */
export function sparkline(values: readonly number[]): string {
  if (values.length < 2) {
    return "";
  }
  const shown = values.slice(-WIDTH);
  const highest = Math.max(1, ...shown);
  const left = WIDTH - shown.length + 1;
  return shown
    .map((value, index) => {
      const y = HEIGHT - 1 - (value / highest) * (HEIGHT - 2);
      return `${left + index},${y.toFixed(1)}`;
    })
    .join(" ");
}

export class Chart {
  readonly element = document.createElementNS(SVG, "svg");
  readonly #line = document.createElementNS(SVG, "polyline");

  constructor() {
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("class", "chart");
    this.element.setAttribute("role", "img");
    this.element.append(this.#line);
  }

  draw(values: readonly number[], label: string): void {
    this.#line.setAttribute("points", sparkline(values));
    this.element.setAttribute("aria-label", label);
  }
}
