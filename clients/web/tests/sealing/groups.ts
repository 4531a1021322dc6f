/** Keys of epochs, as all members of a group derive them. */

import type { EpochKeys } from "../../src/mls/types";
import { type Bytes, bigEndian, concat, utf8 } from "../../src/sealing/bytes";
import { EpochKeyring, importEpoch } from "../../src/sealing/epochs";
import { STREAMS } from "../../src/sealing/frames";
import { DELTA } from "./senders";

export interface EpochOptions {
  readonly cause?: EpochKeys["cause"];
  readonly leaves?: readonly number[];
  readonly group?: string;
}

const baseKey = (epoch: number, leaf: number): Bytes =>
  concat(bigEndian(epoch, 8), bigEndian(leaf, 4), utf8("k".repeat(20)));

export function keysOf(epoch: number, ownLeaf: number, options: EpochOptions = {}): EpochKeys {
  const { cause = "added", leaves = [0, 1, 2], group = "g" } = options;
  const baseKeys = new Map(leaves.map((leaf) => [leaf, baseKey(epoch, leaf)]));
  return { epoch, context: utf8(group.repeat(16)), ownLeaf, baseKeys, cause };
}

/** Somebody in a group, with the camera on. */
export class Member {
  readonly ring = new EpochKeyring();
  readonly leaf: number;

  constructor(leaf: number) {
    this.leaf = leaf;
  }

  async install(epoch: number, now: number, options: EpochOptions = {}): Promise<boolean> {
    return this.ring.install(await importEpoch(keysOf(epoch, this.leaf, options)), now);
  }

  async seal(now: number, spatial = 0): Promise<Bytes> {
    const sealer = this.ring.sealing.sealer(STREAMS.camera, now);
    if (!sealer) {
      throw new Error("no keys to seal with");
    }
    return sealer.seal("VP9", utf8("media"), { ...DELTA, spatial });
  }

  /** `opened`, or why not. */
  async open(from: number, data: Bytes, now: number): Promise<string> {
    const opener = this.ring.opening.opener(from, STREAMS.camera);
    const result = await opener.open("VP9", data, now);
    return typeof result === "string" ? result : "opened";
  }

  /** Under which epoch we seal now. */
  epochAt(now: number): number | null {
    return this.ring.sealing.progress(now).now?.epoch ?? null;
  }
}

/** Members of one group, all in the same epoch. */
export async function group(epoch: number, now: number, ...leaves: number[]): Promise<Member[]> {
  const members = leaves.map((leaf) => new Member(leaf));
  for (const member of members) {
    await member.install(epoch, now, { cause: "joined" });
  }
  return members;
}
