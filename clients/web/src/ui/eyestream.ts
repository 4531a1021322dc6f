/** One stream as the server sees it: a picture, a sound, or a pane that shows nothing. */

import type { Look } from "../call/glimpses";
import type { Inferred } from "../call/sheet";
import type { MediaSource } from "../protocol/messages";
import { h, setAttribute, setText } from "./dom";
import { timesOf } from "./eyefunctions";
import { SoundSeen } from "./eyesound";
import { icon } from "./icons";
import { words } from "./words";

export class StreamSeen {
  readonly element: HTMLElement;
  readonly #isPicture: boolean;
  readonly #pane = h("div", { class: "pane" });
  readonly #image: HTMLImageElement;
  readonly #lock = h("span", { class: "frost", attributes: { "aria-hidden": "true" } });
  readonly #sound: SoundSeen;
  readonly #said = h("p");
  readonly #guess = h("p", { class: "guess" });
  readonly #figures = h("p");
  readonly #details: HTMLElement;

  constructor(source: MediaSource, name: string) {
    const text = words().seeing;
    this.#isPicture = source === "camera" || source === "screen";
    this.#image = h("img", { attributes: { alt: text.pictureOf(name), "data-glimpse": true } });
    this.#lock.append(icon("lock"));
    this.#sound = new SoundSeen(name);
    this.#details = h("details", {}, h("summary", {}, text.figures), this.#figures);
    this.element = h(
      "div",
      {
        class: `seen ${this.#isPicture ? "picture" : "sound"}`,
        attributes: { "data-source": source },
      },
      h("h5", {}, icon(ICONS[source]), text.sources[source]),
      this.#pane,
      this.#said,
      this.#guess,
      this.#details,
    );
  }

  /** `now` is the server's Unix time at which the look was told. */
  update(look: Look | null, guess: Inferred | null, now: number): void {
    const seen = look?.seen ?? null;
    setAttribute(this.element, "data-seen", seen ?? "untried");
    setText(this.#said, look === null ? "" : saidOf(look, this.#isPicture, now));
    setText(this.#guess, guessOf(guess));
    setText(this.#figures, look?.figures ?? "");
    this.#details.hidden = !look?.figures;
    this.#guess.hidden = this.#guess.textContent === "";
    this.#show(look);
  }

  dispose(): void {
    this.#sound.dispose();
  }

  #show(look: Look | null): void {
    if (look?.picture) {
      setAttribute(this.#image, "src", look.picture);
      this.#fill(this.#image);
    } else if (look?.loudness) {
      this.#sound.update(look.loudness, look.spectrogram ?? [], look.taken ?? 0);
      this.#fill(this.#sound.element);
    } else {
      this.#image.removeAttribute("src");
      this.#fill(look?.seen === "opaque" ? this.#lock : null);
    }
  }

  #fill(content: HTMLElement | null): void {
    this.#pane.hidden = content === null;
    if (content !== null && this.#pane.firstChild !== content) {
      this.#pane.replaceChildren(content);
    }
  }
}

const ICONS = {
  camera: "camera",
  microphone: "microphone",
  screen: "screen",
  screen_audio: "screen",
} as const;

function saidOf(look: Look, isPicture: boolean, now: number): string {
  const text = words().seeing;
  switch (look.seen) {
    case "readable": {
      const ago = agoOf(now - (look.taken ?? now));
      return isPicture ? text.saw(ago) : text.heard(ago);
    }
    case "opaque":
      return text.noise(timesOf(look.tries));
    case "undecided":
      return text.undecided;
    default:
      return text.notYet;
  }
}

function agoOf(seconds: number): string {
  const text = words().seeing;
  const whole = Math.max(0, Math.round(seconds));
  return whole < 1 ? text.now : text.ago(String(whole));
}

/** What sizes and times alone tell, as a sentence; empty for nothing. */
export function guessOf(inferred: Inferred | null): string {
  const text = words().seeing;
  if (inferred === null || inferred.kind === null) {
    return "";
  }
  if (inferred.kind === "audio") {
    const speaks = { true: text.speaking, false: text.silent, null: text.sound };
    return text.guess(speaks[`${inferred.speaking}`]);
  }
  const anew = inferred.keyFrames > 0 ? text.keyFrames(timesOf(inferred.keyFrames)) : text.picture;
  const changes = inferred.changes > 0 ? [text.changes(timesOf(inferred.changes))] : [];
  return text.guess([anew, ...changes].join(", "));
}
