/** Under which epoch of a group we seal, and how far we have come in it. */

import type { Epoch } from "./epochs";
import { Sealer } from "./frames";

/** For so long others may lack new keys, in milliseconds; only a removal is more urgent. */
const LAG_MS = 500;

/** Frames sealed so far by `stream.spatial`. */
export type Counters = Readonly<Record<string, number>>;

/** How far we have come in an epoch. */
export interface Progress {
  readonly epoch: number;
  readonly counters: Counters;
}

/** The sealers of one epoch, one for each stream. */
class EpochSealers {
  readonly epoch: Epoch;
  readonly #sealers = new Map<number, Sealer>();

  constructor(epoch: Epoch) {
    this.epoch = epoch;
  }

  /** Null if our leaf has no keys. */
  get(stream: number): Sealer | null {
    const sender = this.epoch.senders.get(this.epoch.ownLeaf);
    if (!sender) {
      return null;
    }
    const sealer = this.#sealers.get(stream) ?? new Sealer(sender, stream);
    this.#sealers.set(stream, sealer);
    return sealer;
  }

  get progress(): Progress {
    const counted = [...this.#sealers].flatMap(([stream, { counters }]) =>
      [...counters].map(([spatial, count]) => [`${stream}.${spatial}`, count] as const),
    );
    return { epoch: this.epoch.number, counters: Object.fromEntries(counted) };
  }
}

export class EpochSealing {
  #now: EpochSealers | null = null;
  #next: { readonly epoch: Epoch; readonly due: number } | null = null;
  #before: Progress | null = null;

  /** Whoever calls this sees to it that no epoch comes twice. */
  install(epoch: Epoch, now: number): void {
    const isUrgent = epoch.cause === "removed" || epoch.cause === "joined" || this.#now === null;
    if (this.#next && !isUrgent) {
      // Many changes after each other must not keep us under old keys.
      this.#begin(this.#next.epoch);
    }
    this.#next = { epoch, due: isUrgent ? now : now + LAG_MS };
    this.#advance(now);
  }

  /** Somebody else's authentic frame of this epoch has come: everybody may have its keys. */
  heard(epoch: number): void {
    if (this.#next?.epoch.number === epoch) {
      this.#begin(this.#next.epoch);
    }
  }

  leave(): void {
    [this.#now, this.#next, this.#before] = [null, null, null];
  }

  /** What seals a stream now; null while we have no keys. */
  sealer(stream: number, now: number): Sealer | null {
    this.#advance(now);
    return this.#now?.get(stream) ?? null;
  }

  /** In the epoch that we seal under, and our last word of the one before; null if there is none. */
  progress(now: number): { readonly now: Progress | null; readonly before: Progress | null } {
    this.#advance(now);
    return { now: this.#now?.progress ?? null, before: this.#before };
  }

  #advance(now: number): void {
    if (this.#next && now >= this.#next.due) {
      this.#begin(this.#next.epoch);
    }
  }

  #begin(epoch: Epoch): void {
    this.#before = this.#now?.progress ?? null;
    this.#now = new EpochSealers(epoch);
    this.#next = null;
  }
}
