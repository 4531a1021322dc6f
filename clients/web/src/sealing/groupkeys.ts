/** What the worker has of a call's group: the member, and the keys that never leave the worker. */

import type { Member } from "../mls/member";
import type { EpochKeys, GroupMember, Input, Output } from "../mls/types";
import { decode, encode } from "./base64url";
import type { EpochOpener } from "./epochopening";
import { EpochKeyring, importEpoch } from "./epochs";
import type { Counters } from "./epochsealing";
import type { Sealer } from "./frames";
import { type SenderKeys, sealKeys } from "./recording";
import type { GroupOutput } from "./requests";

/** The member hears this often how far we have come, for its beacons. */
const PROGRESS_MS = 1000;

/** The part of a member that decides. */
export type Decider = Pick<Member, "introduce" | "receive">;

/** What concerns frames that come. */
export interface FrameEvents {
  /** There are new keys: what came before them may open now. */
  rekeyed(): void;
  /** Somebody has sealed so many frames in an epoch. */
  beacon(participant: string, epoch: number, counters: Counters): void;
}

export class GroupKeys {
  readonly #member: Decider;
  readonly #events: FrameEvents;
  readonly #ring = new EpochKeyring();
  #members: readonly GroupMember[] = [];
  /** What we seal with in the epoch of now, for who consents to be recorded. */
  #own: SenderKeys | null = null;
  #toldEpoch: number | null = null;
  #toldAt = 0;
  #isBusy = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(member: Decider, events: FrameEvents) {
    this.#member = member;
    this.#events = events;
  }

  introduce(): Promise<string> {
    return this.#member.introduce();
  }

  /** Let the member take something in, and take the keys out of what it says. */
  receive(input: Input, now: number): Promise<GroupOutput[]> {
    const turn = this.#queue.then(async () => [
      ...(await this.#feed(input, now)),
      ...(await this.#tellProgress(now)),
    ]);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Nothing happened but that time went on; null while the member is busy anyway. */
  async tick(now: number): Promise<GroupOutput[] | null> {
    if (this.#isBusy) {
      return null;
    }
    this.#isBusy = true;
    try {
      return await this.receive({ type: "tick" }, now);
    } finally {
      this.#isBusy = false;
    }
  }

  sealer(stream: number, now: number): Sealer | null {
    return this.#ring.sealing.sealer(stream, now);
  }

  /** Null for whoever is in no leaf. */
  opener(participant: string, stream: number): EpochOpener | null {
    const member = this.#members.find((one) => one.participant === participant);
    return member ? this.#ring.opening.opener(member.leaf, stream) : null;
  }

  /** Our keys of this epoch for a recording, sealed for its key; null outside of the group. */
  async sealKeys(publicKey: string, recording: string): Promise<string | null> {
    const key = decode(publicKey);
    return this.#own && key && encode(await sealKeys(this.#own, key, recording));
  }

  async #feed(input: Input, now: number): Promise<GroupOutput[]> {
    const rest: GroupOutput[] = [];
    for (const output of await this.#member.receive(input, now)) {
      const forPage = await this.#take(output, now);
      if (forPage) {
        rest.push(forPage);
      }
    }
    return rest;
  }

  /** Null for what is not for the page. */
  async #take(output: Output, now: number): Promise<GroupOutput | null> {
    switch (output.type) {
      case "epoch":
        this.#keepOwn(output.keys);
        if (this.#ring.install(await importEpoch(output.keys), now)) {
          this.#events.rekeyed();
          return { type: "rekeyed" };
        }
        this.#leave();
        return null;
      case "outside":
        this.#leave();
        return null;
      case "final":
        this.#ring.opening.end(output.leaf, output);
        return null;
      case "beacon": {
        const from = this.#members.find(({ leaf }) => leaf === output.leaf)?.participant;
        if (from) {
          this.#events.beacon(from, output.epoch, output.counters);
        }
        return null;
      }
      case "members":
        this.#meet(output.members);
        return output;
      default:
        return output;
    }
  }

  #keepOwn({ epoch, ownLeaf, context, baseKeys }: EpochKeys): void {
    this.#own?.baseKey.fill(0);
    const baseKey = baseKeys.get(ownLeaf)?.slice();
    const of = { mode: "e2ee-mls", epoch: BigInt(epoch), ident: ownLeaf, context } as const;
    this.#own = baseKey ? { ...of, baseKey } : null;
  }

  #leave(): void {
    this.#own?.baseKey.fill(0);
    this.#own = null;
    this.#ring.leave();
  }

  /** A leaf that changes hands takes nothing of its former owner's keys along. */
  #meet(members: readonly GroupMember[]): void {
    for (const { leaf, device } of this.#members) {
      if (members.find((one) => one.leaf === leaf)?.device !== device) {
        this.#ring.opening.expel(leaf);
      }
    }
    this.#members = members;
  }

  /** Say how much we have sealed: at once when other keys have begun to, as all wait for that. */
  async #tellProgress(now: number): Promise<GroupOutput[]> {
    const { now: progress, before } = this.#ring.sealing.progress(now);
    const isNews = progress?.epoch !== this.#toldEpoch;
    if (progress === null || (!isNews && now - this.#toldAt < PROGRESS_MS)) {
      return [];
    }
    [this.#toldEpoch, this.#toldAt] = [progress.epoch, now];
    return this.#feed({ type: "sealed", ...progress, final: before }, now);
  }
}
