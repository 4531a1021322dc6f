/** What became of sealed frames, and whether anything of a publication opens at all. */

import type { Identifier } from "../protocol/messages";
import { type Counts, noCounts, type Refusal } from "../sealing/frames";
import type { RouteReport } from "../sealing/requests";

/** Frames that come so much later than usual were held back by somebody, in milliseconds. */
const DELAYED_MS = 3000;

/** What was dropped and should not have come. Duplicates and empty frames are usual. */
export function refusedFrames(counts: Counts): number {
  return counts.malformed + counts.unknown_key + counts.not_authentic + counts.mislabelled;
}

const REPORTED = [
  "malformed",
  "unknown_key",
  "replayed",
  "not_authentic",
  "mislabelled",
] as const satisfies readonly Refusal[];

/** What the server is told, so that its operator can count it; empty frames are usual. */
export type Refused = Record<(typeof REPORTED)[number], number>;

const NOTHING: Refused = {
  malformed: 0,
  unknown_key: 0,
  replayed: 0,
  not_authentic: 0,
  mislabelled: 0,
};

export class Seals {
  #untold: Refused = { ...NOTHING };
  #reports: ReadonlyMap<Identifier, RouteReport> = new Map();
  readonly #waiting = new Set<Identifier>();

  /** Take in how it is now, once a second. */
  note(reports: ReadonlyMap<Identifier, RouteReport>): void {
    for (const [publication, { counts: now }] of reports) {
      const before = this.counts(publication);
      for (const reason of REPORTED) {
        this.#untold[reason] += Math.max(0, now[reason] - before[reason]);
      }
      if (now.opened > before.opened) {
        this.#waiting.delete(publication);
      } else if (refusedFrames(now) > refusedFrames(before)) {
        this.#waiting.add(publication);
      }
    }
    for (const publication of this.#waiting) {
      if (!reports.has(publication)) {
        this.#waiting.delete(publication);
      }
    }
    this.#reports = reports;
  }

  /** What was refused and the server was not told of yet; null if nothing was. */
  untold(): Refused | null {
    return REPORTED.some((reason) => this.#untold[reason] > 0) ? { ...this.#untold } : null;
  }

  /** It was told. */
  told(refused: Refused): void {
    for (const reason of REPORTED) {
      this.#untold[reason] -= refused[reason];
    }
  }

  counts(publication: Identifier): Counts {
    return this.#reports.get(publication)?.counts ?? noCounts();
  }

  /** What comes is older than it should be. */
  isDelayed(publication: Identifier): boolean {
    return (this.#reports.get(publication)?.delay ?? 0) > DELAYED_MS;
  }

  /** Its sender goes on, as they say under the seal, and nothing of it comes. */
  isFrozen(publication: Identifier): boolean {
    return this.#reports.get(publication)?.isFrozen ?? false;
  }

  /** Frames come, and none of them can be opened. */
  isWaiting(publication: Identifier): boolean {
    return this.#waiting.has(publication);
  }
}
