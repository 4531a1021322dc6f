/** The keys of a group's epochs: under which we seal, and which of them open what comes. */

import type { EpochKeys } from "../mls/types";
import { EpochOpening } from "./epochopening";
import { EpochSealing } from "./epochsealing";
import { MLS_KIDS, type Sender } from "./frames";
import { importSecret } from "./sframe";

/** One epoch, with keys that nobody can read back. */
export interface Epoch {
  readonly number: number;
  /** The same for all epochs of a group. */
  readonly group: string;
  readonly cause: EpochKeys["cause"];
  readonly ownLeaf: number;
  /** By leaf; those whose number does not fit a KID are missing. */
  readonly senders: ReadonlyMap<number, Sender>;
}

/** Take the keys of an epoch; the raw ones are erased. */
export async function importEpoch(keys: EpochKeys): Promise<Epoch> {
  const { epoch, context, ownLeaf, cause } = keys;
  const senders = new Map<number, Sender>();
  for (const [leaf, raw] of keys.baseKeys) {
    if (leaf < 2 ** MLS_KIDS.sender) {
      const baseKey = await importSecret(raw);
      senders.set(leaf, { baseKey, kids: MLS_KIDS, ident: leaf, context, epoch: BigInt(epoch) });
    }
    raw.fill(0);
  }
  return { number: epoch, group: String(context), cause, ownLeaf, senders };
}

/** What a member has of their group's keys. Times are in milliseconds. */
export class EpochKeyring {
  readonly sealing = new EpochSealing();
  readonly opening = new EpochOpening((epoch) => this.sealing.heard(epoch));
  /** The latest epoch of each group that we were in: none comes twice, so no counter does. */
  readonly #latest = new Map<string, number>();

  /** The group is in this epoch now; false if it is not later than all before, and is refused. */
  install(epoch: Epoch, now: number): boolean {
    const latest = this.#latest.get(epoch.group) ?? -1;
    if (epoch.number <= latest) {
      return false;
    }
    this.#latest.set(epoch.group, epoch.number);
    this.sealing.install(epoch, now);
    this.opening.install(epoch, now);
    return true;
  }

  /** We are in no group: nothing is sealed or opened until the next epoch. */
  leave(): void {
    this.sealing.leave();
    this.opening.leave();
  }
}
