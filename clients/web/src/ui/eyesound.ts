/** A sound as the server heard it: a meter that plays its loudness, and its tones over time. */

import { LOUDEST_LEVEL } from "../call/glimpses";
import { h, setAttribute, setText } from "./dom";
import { words } from "./words";

/** Milliseconds of one piece of a sample. */
const PIECE = 20;

/** What the meter shows as empty, in dB. */
const QUIET = -60;

export class SoundSeen {
  readonly element: HTMLElement;
  readonly #bar = h("span", { class: "bar" });
  readonly #meter: HTMLElement;
  readonly #value = h("span", { class: "value" });
  readonly #canvas: HTMLCanvasElement;
  #taken = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(name: string) {
    const text = words().seeing;
    this.#meter = h(
      "span",
      {
        class: "loudness",
        attributes: {
          role: "meter",
          "aria-label": text.loudnessOf(name),
          "aria-valuemin": QUIET,
          "aria-valuemax": 0,
          "data-loudness": true,
        },
      },
      this.#bar,
    );
    this.#canvas = h("canvas", {
      attributes: { role: "img", "aria-label": text.tonesOf(name), "data-tones": true },
    });
    this.element = h(
      "div",
      { class: "heard" },
      this.#canvas,
      h("div", { class: "level" }, this.#meter, this.#value),
    );
  }

  /** Draw a sample, and play its loudness once. */
  update(loudness: readonly number[], tones: readonly (readonly number[])[], taken: number): void {
    if (taken === this.#taken || loudness.length === 0) {
      return;
    }
    this.#taken = taken;
    const peak = Math.max(...loudness);
    const spoken = words().seeing.decibels(String(Math.max(peak, QUIET)));
    setAttribute(this.#meter, "aria-valuenow", Math.max(peak, QUIET));
    setAttribute(this.#meter, "aria-valuetext", spoken);
    setAttribute(this.#meter, "data-loudness", loudness.join(" "));
    setText(this.#value, spoken);
    draw(this.#canvas, tones);
    this.#play(loudness);
  }

  dispose(): void {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #play(loudness: readonly number[]): void {
    this.dispose();
    const peak = Math.max(...loudness);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#show(peak);
      return;
    }
    const began = performance.now();
    this.#timer = setInterval(() => {
      const value = loudness[Math.floor((performance.now() - began) / PIECE)];
      if (value === undefined) {
        this.dispose();
      }
      this.#show(value ?? peak);
    }, 2 * PIECE);
  }

  #show(decibels: number): void {
    const share = Math.min(1, Math.max(0, 1 - decibels / QUIET));
    this.#bar.style.width = `${Math.round(100 * share)}%`;
  }
}

/** Time from left to right, low tones at the bottom, and the louder the denser. */
function draw(canvas: HTMLCanvasElement, tones: readonly (readonly number[])[]): void {
  const bands = tones[0]?.length ?? 0;
  canvas.width = Math.max(1, tones.length);
  canvas.height = Math.max(1, bands);
  const context = canvas.getContext("2d");
  if (context === null) {
    return;
  }
  // Not the canvas's own colour: it may be on no page yet.
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  tones.forEach((column, x) => {
    column.forEach((level, band) => {
      context.globalAlpha = level / LOUDEST_LEVEL;
      context.fillRect(x, bands - 1 - band, 1, 1);
    });
  });
}
