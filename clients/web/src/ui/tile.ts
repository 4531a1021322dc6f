/** One tile: a picture, whose it is, what arrives of it, and the menu of wishes. */

import { CHOICES, type Choice } from "../call/wishes";
import type { Identifier } from "../protocol/messages";
import { Chart } from "./chart";
import { formatBitrate } from "./chip";
import { h, setAttribute, setText } from "./dom";
import { type IconName, icon } from "./icons";
import type { Box } from "./layout";
import { language, words } from "./words";

export interface TileView {
  readonly participant: Identifier;
  readonly publication: Identifier | null;
  readonly title: string;
  /** What the avatar stands for. */
  readonly name: string;
  readonly isSelf: boolean;
  readonly isScreen: boolean;
  readonly stream: MediaStream | null;
  /** False hides the picture behind the avatar. */
  readonly hasPicture: boolean;
  readonly muted: boolean;
  readonly speaking: boolean;
  readonly away: boolean;
  /**
   * In a sealed call: under the shared secret, or the keys of a group, of somebody whom we have
   * verified or not; of somebody who has no keys yet; of somebody whom we do not trust.
   */
  readonly seal: "shared" | "sealed" | "verified" | "waiting" | "broken" | null;
  readonly layer: string | null;
  readonly chip: string;
  readonly history: readonly number[];
  readonly kbps: number;
  readonly choice: Choice;
  /** A sentence instead of a picture. */
  readonly hint: string;
  readonly enlarged: boolean;
}

export interface TileEvents {
  chosen(publication: Identifier, choice: Choice): void;
  enlarge(): void;
}

export class Tile {
  readonly element: HTMLElement;
  publication: Identifier | null = null;
  readonly #video = h("video", { attributes: { autoplay: true, playsinline: true } });
  readonly #avatar = h("div", { class: "avatar", attributes: { "aria-hidden": "true" } });
  readonly #hint = h("p", { class: "hint" });
  readonly #name = h("span", { class: "name" });
  readonly #marks = h("span", { class: "marks" });
  readonly #chip = h("span", { class: "chip" });
  readonly #chart = new Chart();
  readonly #select: HTMLSelectElement;
  readonly #wish: HTMLElement;
  readonly #enlarge: HTMLButtonElement;
  #wanted = false;

  constructor(events: TileEvents) {
    // Sound comes from elements of its own, which outlive tiles.
    this.#video.muted = true;
    for (const event of ["loadeddata", "resize", "emptied"]) {
      this.#video.addEventListener(event, () => this.#unveil());
    }
    this.#select = this.#menu(events);
    this.#wish = h("label", { class: "wish" }, this.#select);
    this.#enlarge = h("button", { class: "enlarge", type: "button" });
    this.#enlarge.addEventListener("click", () => events.enlarge());
    this.element = h(
      "article",
      { class: "tile" },
      h("div", { class: "veil" }, this.#avatar, this.#hint),
      this.#video,
      h("div", { class: "above" }, this.#wish, this.#enlarge),
      h(
        "div",
        { class: "below" },
        h("span", { class: "who" }, this.#marks, this.#name),
        h("span", { class: "facts" }, this.#chart.element, this.#chip),
      ),
    );
  }

  /** The size of the picture itself, once there is one. */
  get picture(): Box | null {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return width > 0 ? { width, height } : null;
  }

  /** Whether the picture fills the tile and loses its edges; else it is whole, with bars. */
  get isCut(): boolean {
    return getComputedStyle(this.#video).objectFit === "cover";
  }

  update(view: TileView): void {
    this.publication = view.publication;
    this.#mark(view);
    if (this.#video.srcObject !== view.stream) {
      this.#video.srcObject = view.stream;
    }
    setText(this.#name, view.title);
    setText(this.#avatar, initials(view.name));
    setText(this.#hint, view.hint);
    setText(this.#chip, view.chip);
    this.#chip.hidden = view.chip === "";
    this.#drawMarks(view);
    this.#drawChart(view);
    this.#drawControls(view);
  }

  /** Lets go of the stream; the tile is not used again. */
  dispose(): void {
    this.#video.srcObject = null;
    this.element.remove();
  }

  #mark(view: TileView): void {
    const { element } = this;
    setAttribute(element, "data-participant", view.participant);
    setAttribute(element, "data-publication", view.publication ?? undefined);
    setAttribute(element, "data-layer", view.layer ?? undefined);
    setAttribute(element, "data-seal", view.seal ?? undefined);
    setAttribute(element, "aria-label", view.title);
    element.classList.toggle("self", view.isSelf && !view.isScreen);
    element.classList.toggle("screen", view.isScreen);
    element.classList.toggle("speaking", view.speaking);
    element.classList.toggle("away", view.away);
    this.#wanted = view.hasPicture;
    this.#unveil();
    element.classList.toggle("enlarged", view.enlarged);
    setAttribute(this.#avatar, "data-hue", hue(view.participant));
  }

  /** The picture shows once there is one. */
  #unveil(): void {
    this.element.classList.toggle("veiled", !(this.#wanted && this.#video.videoWidth > 0));
  }

  #drawMarks(view: TileView): void {
    const text = words();
    const marks = [
      view.seal === "shared" ? mark("lock", text.lockShared, "lock") : null,
      view.seal === "sealed" ? mark("lock", text.sealing, "lock") : null,
      view.seal === "verified" ? mark("verified", text.verdicts.verified, "lock") : null,
      view.seal === "broken" ? mark("warning", text.anotherKey, "broken") : null,
      view.muted ? mark("microphoneOff", text.muted, "muted") : null,
      view.speaking ? h("span", { class: "unseen" }, text.speaking) : null,
      view.away ? h("span", { class: "mark" }, text.away) : null,
    ].filter((node) => node !== null);
    const key = `${view.muted} ${view.speaking} ${view.away} ${view.seal}`;
    if (this.#marks.dataset.key !== key) {
      this.#marks.dataset.key = key;
      this.#marks.replaceChildren(...marks);
    }
  }

  #drawChart(view: TileView): void {
    const label = words().bitrateChart(formatBitrate(view.kbps, language()));
    this.#chart.draw(view.history, label);
    this.#chart.element.classList.toggle("absent", view.history.length < 2);
  }

  #drawControls(view: TileView): void {
    const isPlayed = view.publication !== null && view.seal !== "broken" && view.seal !== "waiting";
    this.#wish.hidden = view.isSelf || !isPlayed;
    setAttribute(this.#select, "aria-label", words().pictureOf(view.title));
    if (this.#select.value !== view.choice) {
      this.#select.value = view.choice;
    }
    const label = view.enlarged ? words().reduce : words().enlarge(view.title);
    setAttribute(this.#enlarge, "aria-label", label);
    setAttribute(this.#enlarge, "title", label);
    const pressed = String(view.enlarged);
    if (this.#enlarge.getAttribute("aria-pressed") !== pressed) {
      this.#enlarge.setAttribute("aria-pressed", pressed);
      this.#enlarge.replaceChildren(icon(view.enlarged ? "reduce" : "enlarge"));
    }
  }

  #menu(events: TileEvents): HTMLSelectElement {
    const text = words();
    const select = h(
      "select",
      { attributes: { "data-wish": true } },
      ...CHOICES.map((value) => h("option", { attributes: { value } }, text[value])),
    );
    select.addEventListener("change", () => {
      const choice = CHOICES.find((value) => value === select.value);
      if (this.publication !== null && choice) {
        events.chosen(this.publication, choice);
      }
    });
    return select;
  }
}

function mark(name: IconName, label: string, kind: string): HTMLElement {
  return h(
    "span",
    { class: `mark ${kind}`, title: label },
    icon(name),
    h("span", { class: "unseen" }, label),
  );
}

/** At most two letters for somebody; emoji and combined characters count as one. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const chosen = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return chosen
    .map((part) => [...new Intl.Segmenter().segment(part ?? "")][0]?.segment ?? "")
    .join("")
    .toUpperCase();
}

/** One of eight calm colours, always the same for the same participant. */
function hue(id: Identifier): number {
  let sum = 0;
  for (const character of id) {
    sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  }
  return sum % 8;
}
