/** Whether a stream is as lively here as where it was sealed; to be told to people, not to servers. */

import type { Counters } from "./epochsealing";

/** How long after its sealing a picture's time comes again, in milliseconds; and a sound's. */
const PICTURE_CYCLE = 2 ** 32;
const SOUND_CYCLE = 25_600;

/** How late frames are, by the time under their seal; the clocks of two machines may differ. */
export class Punctuality {
  #smallest: number | null = null;
  #delay = 0;

  /** How much later than usual the latest frame came, in milliseconds. */
  get delay(): number {
    return this.#delay;
  }

  /** A frame was opened that had been sealed at `time`. */
  note(codec: string, time: number, now: number): void {
    const cycle = codec === "opus" ? SOUND_CYCLE : PICTURE_CYCLE;
    const offset = now - time;
    this.#smallest ??= offset;
    // A frame is seldom much earlier than all before it, so most of the cycle means that it is late.
    const later = modulo(offset - this.#smallest + cycle / 4, cycle) - cycle / 4;
    this.#smallest += Math.min(0, later);
    this.#delay = Math.max(0, later);
  }
}

function modulo(value: number, cycle: number): number {
  return ((value % cycle) + cycle) % cycle;
}

/** Whether somebody seals more and more of a stream, and nothing of it opens here. */
export class Progressing {
  #before: { readonly epoch: number; readonly sealed: number; readonly opened: number } | null =
    null;
  #frozenAt: number | null = null;

  /** Their beacon says how much they have sealed; `opened` is what we have opened until now. */
  beacon(stream: number, epoch: number, counters: Counters, opened: number): void {
    const sealed = Object.entries(counters).reduce(
      (sum, [layer, count]) => sum + (layer.startsWith(`${stream}.`) ? count : 0),
      0,
    );
    const before = this.#before;
    const grew = before !== null && sealed > (before.epoch === epoch ? before.sealed : 0);
    this.#frozenAt = grew && before.opened === opened ? opened : null;
    this.#before = { epoch, sealed, opened };
  }

  isFrozen(opened: number): boolean {
    return this.#frozenAt === opened;
  }
}
