/** Being in a group: its view of now, the secrets of its epochs, and what was said in it. */

import type { CiphersuiteImpl } from "ts-mls";
import { encode } from "../sealing/base64url";
import type { Bytes } from "../sealing/bytes";
import { Group } from "./group";
import { readIdentity } from "./identity";
import type { OwnPackage } from "./packages";
import { Refused } from "./refused";
import { type Candidate, keyText } from "./roster";
import { type EpochSecret, mediaContext, type RoomSecret } from "./secret";
import { type Numbered, readSaid, type Said, writeSaid } from "./speech";
import type { EpochKeys } from "./types";
import type { Work } from "./work";

/** Epochs whose messages are still opened, the one of now included: the server may be slow. */
const EPOCHS = 5;

interface Epoch {
  readonly secret: EpochSecret;
  readonly transcript: string;
  readonly leaves: ReadonlyMap<string, number>;
}

/** An identity as people are told of it: the keys as base64url. */
export interface Named {
  readonly person: string;
  readonly device: string;
  readonly name: string;
}

/** Our commit, until the server has taken it. */
export interface Prepared {
  readonly commit: Bytes;
  readonly welcome: Bytes | null;
  readonly next: Group;
}

export interface Heard {
  readonly leaf: number;
  readonly leafKey: string;
  readonly epoch: number;
  readonly said: Numbered;
}

export class Membership {
  #group: Group;
  /** The one of now first. */
  #epochs: Epoch[] = [];
  /** The highest number that each leaf's messages had. */
  readonly #numbers = new Map<string, number>();
  #said = 0;
  readonly #identities = new Map<string, Named>();
  readonly #room: RoomSecret;

  private constructor(group: Group, room: RoomSecret) {
    this.#group = group;
    this.#room = room;
  }

  static async found(id: Bytes, pack: OwnPackage, room: RoomSecret, suite: CiphersuiteImpl) {
    return new Membership(await Group.create(id, pack, checkFor(room), suite), room);
  }

  /** Throws Refused. */
  static async join(welcome: Bytes, pack: OwnPackage, room: RoomSecret, suite: CiphersuiteImpl) {
    return new Membership(await Group.join(welcome, pack, checkFor(room), suite), room);
  }

  get id(): Bytes {
    return this.#group.id;
  }

  get epoch(): number {
    return this.#group.epoch;
  }

  get ownLeaf(): number {
    return this.#group.ownLeaf;
  }

  /** The leaves of now, by leaf key. */
  get leaves(): ReadonlyMap<string, number> {
    return this.#epochs[0]?.leaves ?? new Map();
  }

  identityOf(leafKey: string): Named | null {
    return this.#identities.get(leafKey) ?? null;
  }

  /** The confirmed transcript hash of an epoch that is not long over. */
  transcriptOf(epoch: number): string | null {
    return this.#epochs.find(({ secret }) => secret.epoch === epoch)?.transcript ?? null;
  }

  /** The first keys of ours, after `found` or `join`. */
  begin(): Promise<EpochKeys> {
    return this.#enter(this.#group, "joined");
  }

  /** Throws Refused. */
  prepare({ add, remove }: Work): Promise<Prepared> {
    return this.#group.commit(
      add.map(({ pack }: Candidate) => pack),
      remove,
    );
  }

  /** The view after somebody's commit; throws Refused. */
  follow(commit: Bytes): Promise<Group> {
    return this.#group.process(commit);
  }

  /** Whatever comes next; null if we are not part of it. */
  async adopt(next: Group): Promise<EpochKeys | null> {
    if (next.isOver) {
      return null;
    }
    const before = this.leaves;
    const keys = new Set(next.leaves.map(({ leafKey }) => keyText(leafKey)));
    const isRemoval = [...before.keys()].some((key) => !keys.has(key));
    const isAddition = [...keys].some((key) => !before.has(key));
    return this.#enter(next, isRemoval ? "removed" : isAddition ? "added" : "updated");
  }

  /** A message to the others. */
  async speak(said: Said): Promise<Bytes> {
    this.#said += 1;
    const secret = this.#now.secret;
    const data = secret.seal(this.ownLeaf, writeSaid({ ...said, number: this.#said }));
    const { message, next } = await this.#group.seal(data);
    this.#step(next);
    return message;
  }

  /** What a member says, once; throws Refused. */
  async hear(message: Bytes): Promise<Heard> {
    const { leaf, epoch, data, next } = await this.#group.open(message);
    this.#step(next);
    const of = this.#epochs.find(({ secret }) => secret.epoch === epoch);
    const leafKey = [...(of?.leaves ?? [])].find(([, at]) => at === leaf)?.[0];
    if (of === undefined || leafKey === undefined || !this.leaves.has(leafKey)) {
      throw new Refused("not_a_member", "of somebody who left");
    }
    const said = readSaid(of.secret.open(leaf, data));
    if (said.number <= (this.#numbers.get(leafKey) ?? 0)) {
      throw new Refused("repeated", "said before");
    }
    this.#numbers.set(leafKey, said.number);
    return { leaf, leafKey, epoch, said };
  }

  get #now(): Epoch {
    const [now] = this.#epochs;
    if (now === undefined) {
      throw new Error("begin() comes first");
    }
    return now;
  }

  /** The same epoch, with what a message has used up. */
  #step(next: Group): void {
    this.#group = next;
    next.erase();
  }

  async #enter(next: Group, cause: EpochKeys["cause"]): Promise<EpochKeys> {
    const secret = await this.#room.epochOf(next);
    this.#step(next);
    const leaves = new Map<string, number>();
    for (const { leaf, leafKey, identity } of next.leaves) {
      const key = keyText(leafKey);
      leaves.set(key, leaf);
      const known = this.#identities.get(key) ?? this.#read(identity, leafKey);
      if (known) {
        this.#identities.set(key, known);
      }
    }
    this.#forget(leaves);
    const epoch = { secret, transcript: keyText(next.transcript), leaves };
    this.#epochs = [epoch, ...this.#epochs].slice(0, EPOCHS);
    return {
      epoch: next.epoch,
      context: mediaContext(next.id),
      ownLeaf: next.ownLeaf,
      baseKeys: secret.takeBaseKeys(),
      cause,
    };
  }

  #read(bytes: Bytes, leafKey: Bytes): Named | null {
    const identity = readIdentity(this.#room, bytes, leafKey);
    return (
      identity && {
        person: encode(identity.person),
        device: encode(identity.device),
        name: identity.name,
      }
    );
  }

  #forget(leaves: ReadonlyMap<string, number>): void {
    for (const kept of [this.#identities, this.#numbers]) {
      for (const key of kept.keys()) {
        if (!leaves.has(key)) {
          kept.delete(key);
        }
      }
    }
  }
}

function checkFor(room: RoomSecret) {
  return (identity: Bytes, leafKey: Bytes) => readIdentity(room, identity, leafKey) !== null;
}
