/** When a member gives a sign of life, and what it says. */

import type { Membership } from "./membership";
import type { FinalCounters, Said } from "./speech";
import type { Input } from "./types";
import { beaconInterval } from "./watch";

/** The first one comes soon, for those who have just met us. */
const FIRST_MS = 1000;

export class Beacons {
  #at = Number.POSITIVE_INFINITY;
  #sealed: Extract<Input, { type: "sealed" }> | null = null;
  /** The epoch whose last counters have to be declared without delay. */
  #due: number | null = null;

  begin(now: number): void {
    this.#at = now + FIRST_MS;
    this.#sealed = null;
    this.#due = null;
  }

  sealed(input: Extract<Input, { type: "sealed" }>): void {
    this.#sealed = input;
  }

  /** This epoch ended with a removal: whoever is out still has its keys. */
  declare(epoch: number): void {
    this.#due = epoch;
  }

  /** The beacon that has to be sent now, if there is one. */
  next(membership: Membership, now: number): Said | null {
    const final = this.#final(membership.epoch);
    const isDeclaring = final !== null && final.epoch === this.#due;
    if (now < this.#at && !isDeclaring) {
      return null;
    }
    this.#at = now + beaconInterval(membership.leaves.size);
    this.#due = isDeclaring ? null : this.#due;
    const transcript = membership.transcriptOf(membership.epoch) ?? "";
    const counters = this.#sealed?.epoch === membership.epoch ? this.#sealed.counters : {};
    return { kind: "beacon", time: now, transcript, counters, final };
  }

  #final(epoch: number): FinalCounters | null {
    const final = this.#sealed?.final ?? null;
    return final !== null && final.epoch < epoch ? final : null;
  }
}
