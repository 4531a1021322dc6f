/** What became of sealed frames, and whether anything of a publication opens at all. */

import type { Identifier } from "../protocol/messages";
import { type Counts, noCounts } from "../sealing/frames";

/** What was dropped and should not have come. Duplicates and empty frames are usual. */
export function refusedFrames(counts: Counts): number {
  return counts.malformed + counts.unknown_key + counts.not_authentic + counts.mislabelled;
}

export class Seals {
  #counts: ReadonlyMap<Identifier, Counts> = new Map();
  readonly #waiting = new Set<Identifier>();

  /** Take in the counts of now, once a second. */
  note(counts: ReadonlyMap<Identifier, Counts>): void {
    for (const [publication, now] of counts) {
      const before = this.counts(publication);
      if (now.opened > before.opened) {
        this.#waiting.delete(publication);
      } else if (refusedFrames(now) > refusedFrames(before)) {
        this.#waiting.add(publication);
      }
    }
    for (const publication of this.#waiting) {
      if (!counts.has(publication)) {
        this.#waiting.delete(publication);
      }
    }
    this.#counts = counts;
  }

  counts(publication: Identifier): Counts {
    return this.#counts.get(publication) ?? noCounts();
  }

  /** Frames come, and none of them can be opened. */
  isWaiting(publication: Identifier): boolean {
    return this.#waiting.has(publication);
  }
}
