/** One member of a call's group: hears what the server says, and decides what to do about it. */

import type { CiphersuiteImpl } from "ts-mls";
import type {
  CommitAccepted,
  GroupMessage,
  GroupStarted,
  GroupWelcome,
} from "../protocol/messages";
import { decode, encode } from "../sealing/base64url";
import type { Bytes } from "../sealing/bytes";
import { Beacons } from "./beacons";
import { Committer, type Proposed } from "./committer";
import { Display, outputsOf } from "./display";
import { Greeting } from "./greeting";
import { Group } from "./group";
import { Membership } from "./membership";
import { Refused } from "./refused";
import { Roster } from "./roster";
import { RoomSecret } from "./secret";
import type { Said } from "./speech";
import type { EpochKeys, Input, MemberOptions, Output } from "./types";
import { Watch } from "./watch";

const GROUP_BYTES = 32;
const REJOIN_MS = 2000;
const LOST_COMMIT_MS = 6000;
const UNANSWERED_MS = 10_000;

type Of<T extends Input["type"]> = Extract<Input, { type: T }>;

/** Problems after which only joining anew helps. */
const LOST: ReadonlySet<string> = new Set(["not-a-member", "no-group"]);

export class Member {
  readonly #greeting: Greeting;
  readonly #suite: CiphersuiteImpl;
  readonly #room: RoomSecret;
  readonly #roster: Roster;
  readonly #committer: Committer;
  readonly #beacons = new Beacons();
  readonly #watch = new Watch();
  readonly #display: Display;
  #self = "";
  #isConnected = false;
  /** The room's group, whether we are in it or not, and how many commits we have seen. */
  #server: { id: string; number: number } | null = null;
  #starting: Bytes | null = null;
  #membership: Membership | null = null;
  #rejoinedAt = Number.NEGATIVE_INFINITY;
  #out: Output[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: MemberOptions, suite: CiphersuiteImpl) {
    this.#suite = suite;
    this.#room = new RoomSecret(options.roomSecret, options.room);
    this.#greeting = new Greeting(options, this.#room, suite);
    this.#roster = new Roster(this.#room);
    this.#committer = new Committer(this.#roster);
    this.#display = new Display(this.#roster, this.#watch);
  }

  /** The hello to join with: the one that we are known by, while that may still count. */
  introduce(): Promise<string> {
    return this.#greeting.hello();
  }

  /**
   * Take in what happened at `now`: milliseconds since 1970 by a clock that may be wrong, but never
   * leaps. One after the other.
   */
  receive(input: Input, now: number): Promise<Output[]> {
    const turn = this.#queue.then(async () => {
      await this.#take(input, now);
      await this.#goOn(now);
      const out = this.#out;
      this.#out = [];
      return out;
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #take(input: Input, now: number): Promise<void> {
    switch (input.type) {
      case "entered":
        return this.#entered(input, now);
      case "lost":
        return this.#lost(now);
      case "present":
        return this.#roster.update(input.present);
      case "group_started":
        return this.#started(input, now);
      case "group_welcome":
        return this.#welcomed(input, now);
      case "commit_accepted":
        return this.#committed(input, now);
      case "group_message":
        return this.#heard(input, now);
      case "group_ended":
        return this.#ended(input.group, now);
      case "problem":
        return this.#refused(input.code, now);
      case "say":
        return this.#say(input.text);
      case "renew":
        return this.#committer.hurry();
      case "sealed":
        return this.#beacons.sealed(input);
      case "tick":
        return;
    }
  }

  /** What time, and all that has come to pass, demand. */
  async #goOn(now: number): Promise<void> {
    if (this.#watch.unansweredFor(now) > UNANSWERED_MS) {
      this.#forgetCommit(now);
      this.#catchUp();
    }
    await this.#work(now);
    await this.#sendBeacon(now);
    if (this.#watch.aheadFor(now) > LOST_COMMIT_MS || this.#watch.isCutOff(now)) {
      await this.#rejoin(now);
    }
    const isOutside = this.#isConnected && this.#server !== null && this.#membership === null;
    if (this.#watch.outside(isOutside ? now : null)) {
      this.#catchUp(); // the Welcome may have been lost
    }
    this.#out.push(...this.#display.changes(this.#membership, now));
  }

  // The connection

  async #entered({ self, resumed, group, present }: Of<"entered">, now: number): Promise<void> {
    this.#self = self;
    this.#isConnected = true;
    this.#watch.resume(now);
    this.#roster.update(present);
    if (group && this.#starting && encode(this.#starting) === group.id) {
      return this.#found(this.#starting, now); // we were told, but did not hear it
    }
    if (resumed && group && group.id === this.#server?.id) {
      this.#catchUp();
      return;
    }
    const wasMember = this.#membership !== null;
    this.#server = group;
    if (wasMember) {
      await this.#leaveGroup(now);
    }
    this.#startIfNone();
  }

  #lost(now: number): void {
    this.#isConnected = false;
    this.#committer.forget(now); // the next one is prepared from what is true then
    this.#watch.pause();
  }

  #catchUp(): void {
    if (this.#server) {
      const number = this.#membership ? this.#server.number : null;
      this.#send({ type: "catch_up", group: this.#server.id, number });
    }
  }

  async #refused(code: string, now: number): Promise<void> {
    if (code === "stale-commit" && this.#committer.refused(now)) {
      this.#watch.sent(null);
      this.#catchUp(); // another commit came first, and has not come to us
    }
    if (code === "too-far-behind" || (LOST.has(code) && this.#membership)) {
      await this.#rejoin(now);
    }
  }

  // Getting in, and out

  #startIfNone(): void {
    if (this.#server === null && this.#isConnected) {
      this.#starting = crypto.getRandomValues(new Uint8Array(GROUP_BYTES));
      this.#send({ type: "start_group", group: encode(this.#starting) });
    }
  }

  async #started({ group, participant }: GroupStarted, now: number): Promise<void> {
    const starting = this.#starting;
    if (this.#membership || group === this.#server?.id) {
      return;
    }
    if (participant === this.#self && starting && encode(starting) === group) {
      return this.#found(starting, now);
    }
    this.#starting = null;
    this.#server = { id: group, number: 0 };
  }

  async #found(id: Bytes, now: number): Promise<void> {
    this.#starting = null;
    this.#server = { id: encode(id), number: 0 };
    const own = await this.#greeting.now();
    await this.#begin(await Membership.found(id, own, this.#room, this.#suite), now);
  }

  async #welcomed({ group, number, welcome }: GroupWelcome, now: number): Promise<void> {
    if (this.#membership || group !== this.#server?.id) {
      return;
    }
    try {
      const own = await this.#greeting.now();
      const bytes = decode(welcome) ?? new Uint8Array();
      const membership = await Membership.join(bytes, own, this.#room, this.#suite);
      this.#server = { id: group, number };
      await this.#begin(membership, now);
    } catch (error) {
      this.#note(error);
      await this.#rejoin(now);
    }
  }

  async #begin(membership: Membership, now: number): Promise<void> {
    this.#membership = membership;
    this.#committer.begin(now);
    this.#beacons.begin(now);
    this.#announce(await membership.begin(), now);
  }

  async #ended(group: string, now: number): Promise<void> {
    if (group === this.#server?.id) {
      this.#server = null;
      if (this.#membership) {
        await this.#leaveGroup(now);
      }
      this.#startIfNone();
    }
  }

  /** Be added anew, as somebody who was never here; not more often than the group can bear. */
  async #rejoin(now: number): Promise<void> {
    if (now - this.#rejoinedAt >= REJOIN_MS) {
      await this.#leaveGroup(now);
    }
  }

  async #leaveGroup(now: number): Promise<void> {
    this.#rejoinedAt = now;
    this.#membership = null;
    this.#forgetCommit(now);
    this.#watch.ahead(null);
    this.#watch.begin();
    this.#out.push({ type: "outside" });
    this.#send({ type: "introduce", hello: await this.#greeting.renew() });
  }

  // Commits

  async #committed(accepted: CommitAccepted, now: number): Promise<void> {
    const { group, number, commit, participant } = accepted;
    const server = this.#server;
    if (!this.#membership || group !== server?.id || number < server.number) {
      return;
    }
    if (number > server.number) {
      this.#catchUp();
      return;
    }
    server.number += 1;
    const ours = this.#committer.settle(participant === this.#self ? commit : null, now);
    this.#watch.sent(null);
    try {
      const bytes = decode(commit) ?? new Uint8Array();
      await this.#adopt(ours?.next ?? (await this.#membership.follow(bytes)), now);
    } catch (error) {
      this.#note(error);
    }
  }

  async #adopt(next: Group, now: number): Promise<void> {
    const keys = await this.#membership?.adopt(next);
    if (keys) {
      this.#announce(keys, now);
    } else {
      await this.#rejoin(now);
    }
  }

  #announce(keys: EpochKeys, now: number): void {
    this.#watch.ahead(null);
    this.#watch.keep(new Set(this.#membership?.leaves.keys()), now);
    if (keys.cause === "removed") {
      this.#beacons.declare(keys.epoch - 1);
    }
    this.#out.push({ type: "epoch", keys });
  }

  #forgetCommit(now: number): void {
    this.#committer.forget(now);
    this.#watch.sent(null);
  }

  /** Commit what is to be done, when it is our turn. */
  async #work(now: number): Promise<void> {
    if (!this.#membership || !this.#isConnected) {
      return;
    }
    try {
      const proposed = await this.#committer.propose(this.#membership, now);
      if (proposed) {
        this.#propose(proposed, now);
      }
    } catch (error) {
      this.#note(error);
    }
  }

  #propose({ commit, welcome, add }: Proposed, now: number): void {
    this.#watch.sent(now);
    this.#send({
      type: "send_commit",
      group: this.#server?.id ?? "",
      number: this.#server?.number ?? 0,
      commit: encode(commit),
      welcome: welcome && encode(welcome),
      added: add.map(({ participant }) => participant),
    });
  }

  // What members say

  async #heard({ group, message }: GroupMessage, now: number): Promise<void> {
    const membership = this.#membership;
    if (!membership || group !== this.#server?.id) {
      return;
    }
    const bytes = decode(message) ?? new Uint8Array();
    let isOfNow = false;
    try {
      const epoch = Group.epochOf(bytes);
      if (epoch > membership.epoch) {
        if (this.#watch.ahead(now)) {
          this.#catchUp(); // what the server sent on its own has not come
        }
        return;
      }
      if (membership.transcriptOf(epoch) === null) {
        return; // of before we came, or of long ago
      }
      isOfNow = epoch === membership.epoch;
      const { leaf, leafKey, epoch: of, said } = await membership.hear(bytes);
      this.#watch.heard(leafKey, now);
      if (said.kind === "beacon" && said.transcript !== membership.transcriptOf(of)) {
        this.#watch.split();
      }
      this.#out.push(...outputsOf(leaf, of, said));
    } catch (error) {
      if (this.#note(error) === "not_authentic" && isOfNow) {
        this.#watch.failed(now);
      }
    }
  }

  async #say(text: string): Promise<void> {
    if (await this.#speak({ kind: "chat", text })) {
      this.#out.push({ type: "line", leaf: this.#membership?.ownLeaf ?? 0, text });
    }
  }

  async #sendBeacon(now: number): Promise<void> {
    const beacon = this.#membership && this.#beacons.next(this.#membership, now);
    if (beacon) {
      await this.#speak(beacon);
    }
  }

  async #speak(said: Said): Promise<boolean> {
    if (!this.#membership || !this.#isConnected) {
      return false;
    }
    const message = encode(await this.#membership.speak(said));
    this.#send({ type: "send_group_message", group: this.#server?.id ?? "", message });
    return true;
  }

  // Helpers

  #send(message: Extract<Output, { type: "send" }>["message"]): void {
    this.#out.push({ type: "send", message });
  }

  /** Count what was refused; anything else is a bug, and goes on its way. */
  #note(error: unknown): string {
    if (!(error instanceof Refused)) {
      throw error;
    }
    this.#out.push({ type: "refused", reason: error.reason });
    return error.reason;
  }
}
