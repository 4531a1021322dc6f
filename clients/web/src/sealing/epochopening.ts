/** Which frames of members open: those of the current epoch, and of old ones for a while. */

import type { Bytes } from "./bytes";
import type { Epoch } from "./epochs";
import type { Counters } from "./epochsealing";
import {
  kidOf,
  MLS_KIDS,
  noCounts,
  type OpenedFrame,
  type ReadFrame,
  type Refusal,
  readFrame,
  type Sender,
  SPATIAL_LAYERS,
  StreamOpener,
} from "./frames";

/** Old keys open for so long after the next epoch has begun, in milliseconds. */
const GRACE_MS = 10_000;
const GRACE_AFTER_REMOVAL_MS = 2_000;

/** A frame of exactly the next epoch, of the member who is expected: its keys may be on their way. */
export type Early = "early";

/** An epoch whose keys open something still. */
class OpenEpoch {
  readonly number: number;
  until = Number.POSITIVE_INFINITY;
  readonly #senders: Map<number, Sender>;
  readonly #finals = new Map<number, Counters>();
  readonly #openers = new Map<string, StreamOpener>();

  constructor({ number, senders }: Epoch) {
    this.number = number;
    this.#senders = new Map(senders);
  }

  /** Null for a leaf without keys. */
  opener(leaf: number, stream: number): StreamOpener | null {
    const sender = this.#senders.get(leaf);
    if (!sender) {
      return null;
    }
    const label = `${leaf}.${stream}`;
    const opener = this.#openers.get(label) ?? new StreamOpener(sender, stream);
    this.#openers.set(label, opener);
    return opener;
  }

  /** A sender's last word counts once. */
  end(leaf: number, counters: Counters): void {
    if (!this.#finals.has(leaf)) {
      this.#finals.set(leaf, counters);
    }
  }

  /** Whether a sender has sealed this, as far as they have said. */
  isWithin(leaf: number, layer: string, counter: bigint): boolean {
    const final = this.#finals.get(leaf);
    return final === undefined || counter < BigInt(final[layer] ?? 0);
  }

  expel(leaf: number): void {
    this.#senders.delete(leaf);
    for (const label of this.#openers.keys()) {
      if (label.startsWith(`${leaf}.`)) {
        this.#openers.delete(label);
      }
    }
  }
}

export class EpochOpening {
  #current: Epoch | null = null;
  /** By what a KID tells of them, so that of n and n + 256 there is never but one. */
  readonly #open = new Map<number, OpenEpoch>();
  readonly #openers = new Map<string, EpochOpener>();
  /** Called with the epoch of each frame that opens. */
  readonly heard: (epoch: number) => void;

  constructor(heard: (epoch: number) => void) {
    this.heard = heard;
  }

  install(epoch: Epoch, now: number): void {
    if (epoch.cause === "joined" || epoch.group !== this.#current?.group) {
      this.#open.clear();
    }
    const grace = epoch.cause === "removed" ? GRACE_AFTER_REMOVAL_MS : GRACE_MS;
    for (const [low, old] of this.#open) {
      old.until = Math.min(old.until, now + grace);
      if (old.until <= now) {
        this.#open.delete(low);
      }
    }
    const before = this.#current;
    this.#open.set(lowBits(epoch.number), new OpenEpoch(epoch));
    this.#current = epoch;
    for (const leaf of before?.senders.keys() ?? []) {
      if (!epoch.senders.has(leaf)) {
        this.expel(leaf);
      }
    }
  }

  leave(): void {
    this.#open.clear();
    this.#current = null;
  }

  /** Whoever had this leaf is gone: of theirs nothing opens any more, in no old epoch. */
  expel(leaf: number): void {
    for (const old of this.#open.values()) {
      if (old.number !== this.#current?.number) {
        old.expel(leaf);
      }
    }
  }

  /** Somebody's last counters of an epoch that is over. */
  end(leaf: number, { epoch, counters }: { epoch: number; counters: Counters }): void {
    const old = this.#open.get(lowBits(epoch));
    if (old?.number === epoch && epoch !== this.#current?.number) {
      old.end(leaf, counters);
    }
  }

  /** What opens a stream of whoever has this leaf, in whichever epoch. */
  opener(leaf: number, stream: number): EpochOpener {
    const label = `${leaf}.${stream}`;
    const opener = this.#openers.get(label) ?? new EpochOpener(this, leaf, stream);
    this.#openers.set(label, opener);
    return opener;
  }

  /** The epoch that a KID tells of, if its keys open something still. */
  find(kid: bigint, now: number): OpenEpoch | null {
    const low = Number(BigInt.asUintN(MLS_KIDS.epoch, kid));
    const found = this.#open.get(low);
    if (found && found.until <= now) {
      this.#open.delete(low);
      return null;
    }
    return found ?? null;
  }

  /** Whether a KID is of this stream in the epoch after the current one. */
  isNext(kid: bigint, leaf: number, stream: number): boolean {
    const sender = this.#current?.senders.get(leaf);
    if (!sender) {
      return false;
    }
    const next = { ...sender, epoch: sender.epoch + 1n };
    const layers = Array.from({ length: SPATIAL_LAYERS }, (_, spatial) => spatial);
    return layers.some((spatial) => kidOf(next, stream, spatial) === kid);
  }
}

/** Opens the frames of one stream of one leaf, each once, and counts what it refuses. */
export class EpochOpener {
  readonly counts = noCounts();
  readonly #opening: EpochOpening;
  readonly #leaf: number;
  readonly #stream: number;

  constructor(opening: EpochOpening, leaf: number, stream: number) {
    this.#opening = opening;
    this.#leaf = leaf;
    this.#stream = stream;
  }

  /** The media and what its sender says of it, or why it was refused; what is early is not counted. */
  async open(codec: string, data: Bytes, now: number): Promise<OpenedFrame | Refusal | Early> {
    const read = readFrame(codec, data);
    const result = typeof read === "string" ? read : await this.#open(read, now);
    if (result !== "early") {
      this.counts[typeof result === "string" ? result : "opened"] += 1;
    }
    return result;
  }

  async #open(read: ReadFrame, now: number): Promise<OpenedFrame | Refusal | Early> {
    const { kid, counter } = read.header;
    const epoch = this.#opening.find(kid, now);
    if (!epoch) {
      return this.#opening.isNext(kid, this.#leaf, this.#stream) ? "early" : "unknown_key";
    }
    const opener = epoch.opener(this.#leaf, this.#stream);
    const spatial = opener?.spatialOf(kid) ?? null;
    const layer = `${this.#stream}.${spatial}`;
    if (!opener || spatial === null || !epoch.isWithin(this.#leaf, layer, counter)) {
      return "unknown_key";
    }
    const result = await opener.open(read);
    if (typeof result !== "string") {
      this.#opening.heard(epoch.number);
    }
    return result;
  }
}

function lowBits(epoch: number): number {
  return epoch % 2 ** MLS_KIDS.epoch;
}
