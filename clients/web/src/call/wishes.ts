/** Which picture size to ask for: by the size of the tile, unless the person chose. */

import type { Height, Identifier, MediaSource } from "../protocol/messages";

export const OFF = 0;
export const BASE = 180;
export const SD = 360;
export const HD = 720;

/** Shared screens are wanted whole whenever they are visible: text does not bear scaling. */
export const WHOLE = 4320;

/** A picture may be stretched by this much before the next larger one is asked for. */
const STRETCH = 1.25;

const HEIGHTS = { off: OFF, base: BASE, sd: SD, hd: HD } as const;

/** What a person chose on a tile; `auto` follows the tile's size. */
export type Choice = "auto" | keyof typeof HEIGHTS;

/** In the order of the menu. */
export const CHOICES: readonly Choice[] = ["auto", "hd", "sd", "base", "off"];

/** The wish for a tile whose picture is `lines` device pixels tall on its short side. */
export function wishForSize(source: MediaSource, lines: number): Height {
  if (lines <= 0) {
    return OFF;
  }
  if (source === "screen") {
    return WHOLE;
  }
  return [BASE, SD].find((height) => lines <= height * STRETCH) ?? HD;
}

/** What is wanted of each publication, and what the server has been told already. */
export class Wishes {
  readonly #choices = new Map<Identifier, Choice>();
  readonly #automatic = new Map<Identifier, Height>();
  readonly #sent = new Map<Identifier, Height>();
  readonly #send: (publication: Identifier, height: Height) => boolean;

  /** `send` returns false when the wish could not be sent; it is then sent with the next one. */
  constructor(send: (publication: Identifier, height: Height) => boolean) {
    this.#send = send;
  }

  choice(publication: Identifier): Choice {
    return this.#choices.get(publication) ?? "auto";
  }

  /** The wish in force, or null while the tile's size is not known. */
  wish(publication: Identifier): Height | null {
    const choice = this.choice(publication);
    return choice === "auto" ? (this.#automatic.get(publication) ?? null) : HEIGHTS[choice];
  }

  choose(publication: Identifier, choice: Choice): void {
    this.#choices.set(publication, choice);
    this.#tell(publication);
  }

  /** The tile now deserves this wish. */
  fit(publication: Identifier, height: Height): void {
    this.#automatic.set(publication, height);
    this.#tell(publication);
  }

  /** Forget publications that are gone. */
  keep(publications: ReadonlySet<Identifier>): void {
    for (const map of [this.#choices, this.#automatic, this.#sent]) {
      for (const id of map.keys()) {
        if (!publications.has(id)) {
          map.delete(id);
        }
      }
    }
  }

  /** Say everything again, to a server that may have forgotten it. */
  repeat(): void {
    this.#sent.clear();
    for (const publication of new Set([...this.#choices.keys(), ...this.#automatic.keys()])) {
      this.#tell(publication);
    }
  }

  #tell(publication: Identifier): void {
    const height = this.wish(publication);
    if (height !== null && this.#sent.get(publication) !== height) {
      if (this.#send(publication, height)) {
        this.#sent.set(publication, height);
      }
    }
  }
}
