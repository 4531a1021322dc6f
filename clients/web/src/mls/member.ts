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
import { Group } from "./group";
import { writeIdentity } from "./identity";
import { Membership, type Prepared } from "./membership";
import { makePackage, type OwnPackage } from "./packages";
import { Refused } from "./refused";
import { type Candidate, Roster } from "./roster";
import { RoomSecret } from "./secret";
import type { FinalCounters, Said } from "./speech";
import type { Alarm, EpochKeys, GroupMember, Input, MemberOptions, Output } from "./types";
import { beaconInterval, Watch } from "./watch";
import { findWork, GATHER_MS, isNothing, TURN_MS, turnOf } from "./work";

const GROUP_BYTES = 32;
const RENEW_MS = 600_000;
const RENEW_TURN_MS = 2000;
const REJOIN_MS = 2000;
const LOST_COMMIT_MS = 6000;
const UNANSWERED_MS = 10_000;

type Of<T extends Input["type"]> = Extract<Input, { type: T }>;

/** Problems after which only joining anew helps. */
const LOST: ReadonlySet<string> = new Set(["too-far-behind", "not-a-member", "no-group"]);

export class Member {
  readonly #options: MemberOptions;
  readonly #suite: CiphersuiteImpl;
  readonly #room: RoomSecret;
  readonly #roster: Roster;
  readonly #watch = new Watch();
  #self = "";
  #isConnected = false;
  #own: OwnPackage | null = null;
  /** The room's group, whether we are in it or not, and how many commits we have seen. */
  #server: { id: string; number: number } | null = null;
  #starting: Bytes | null = null;
  #membership: Membership | null = null;
  #pending: Prepared | null = null;
  #workSince: number | null = null;
  readonly #bad = new Set<string>();
  #renewedAt = 0;
  #rejoinedAt = Number.NEGATIVE_INFINITY;
  #beaconAt = Number.POSITIVE_INFINITY;
  #sealed: Of<"sealed"> | null = null;
  #finalDue: number | null = null;
  #shown = "";
  #alarms: ReadonlySet<Alarm> = new Set();
  #out: Output[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: MemberOptions, suite: CiphersuiteImpl) {
    this.#options = options;
    this.#suite = suite;
    this.#room = new RoomSecret(options.roomSecret, options.room);
    this.#roster = new Roster(this.#room);
  }

  /** The hello to join with: the one that we are known by, while that may still count. */
  async introduce(): Promise<string> {
    this.#own ??= await this.#makePackage();
    return encode(this.#own.bytes);
  }

  /** Take in what happened at `now`, in milliseconds since 1970; one after the other. */
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
        return this.#lost();
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
      case "consent":
        await this.#speak({ kind: "consent", recording: input.recording, granted: input.granted });
        return;
      case "sealed":
        this.#sealed = input;
        return;
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
    if (this.#watch.aheadFor(now) > LOST_COMMIT_MS) {
      await this.#rejoin(now);
    }
    const isOutside = this.#isConnected && this.#server !== null && this.#membership === null;
    this.#watch.outside(isOutside ? now : null);
    this.#showMembers(now);
    this.#showAlarms(now);
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

  #lost(): void {
    this.#isConnected = false;
    this.#pending = null; // the next commit is prepared from what is true then
    this.#watch.pause();
  }

  #catchUp(): void {
    if (this.#server) {
      const number = this.#membership ? this.#server.number : null;
      this.#send({ type: "catch_up", group: this.#server.id, number });
    }
  }

  async #refused(code: string, now: number): Promise<void> {
    // `stale-commit` is no news: the commit that came first has come to us first, too.
    if (LOST.has(code) && this.#membership) {
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
    if (participant === this.#self && starting && encode(starting) === group) {
      return this.#found(starting, now);
    }
    this.#starting = null;
    this.#server = { id: group, number: 0 };
  }

  async #found(id: Bytes, now: number): Promise<void> {
    this.#starting = null;
    this.#server = { id: encode(id), number: 0 };
    const own = await this.#ownPackage();
    await this.#begin(await Membership.found(id, own, this.#room, this.#suite), now);
  }

  async #welcomed({ group, number, welcome }: GroupWelcome, now: number): Promise<void> {
    if (this.#membership || group !== this.#server?.id) {
      return;
    }
    try {
      const own = await this.#ownPackage();
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
    this.#bad.clear();
    this.#renewedAt = now;
    this.#beaconAt = now + beaconInterval(1) * 0.2;
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
    this.#pending = null;
    this.#watch.sent(null);
    this.#watch.ahead(null);
    this.#watch.keep(new Set(), now);
    this.#out.push({ type: "outside" });
    this.#own = await this.#makePackage();
    this.#send({ type: "introduce", hello: encode(this.#own.bytes) });
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
    const pending = this.#pending;
    this.#forgetCommit(now);
    try {
      const isOurs = participant === this.#self && pending && encode(pending.commit) === commit;
      const next = isOurs
        ? pending.next
        : await this.#membership.follow(decode(commit) ?? new Uint8Array());
      await this.#adopt(next, now);
      if (isOurs) {
        this.#renewedAt = now;
      }
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
    this.#finalDue = keys.cause === "removed" ? keys.epoch - 1 : null;
    this.#out.push({ type: "epoch", keys });
  }

  #forgetCommit(now: number): void {
    this.#pending = null;
    this.#watch.sent(null);
    this.#workSince = this.#workSince === null ? null : now;
  }

  /** Commit what is to be done, when it is our turn. */
  async #work(now: number): Promise<void> {
    const membership = this.#membership;
    if (!membership || !this.#isConnected || this.#pending) {
      return;
    }
    const { leaves, ownLeaf } = membership;
    const work = findWork(this.#roster, leaves, ownLeaf, this.#bad);
    const turn = turnOf(this.#roster, leaves, ownLeaf);
    if (isNothing(work)) {
      this.#workSince = null;
      if (now - this.#renewedAt < RENEW_MS + turn * RENEW_TURN_MS) {
        return;
      }
    } else {
      this.#workSince ??= now;
      if (now - this.#workSince < GATHER_MS + turn * TURN_MS) {
        return;
      }
    }
    try {
      this.#propose(await membership.prepare(work), work.add, now);
    } catch (error) {
      this.#note(error);
      await this.#sortOut(membership, work.add);
    }
  }

  /** Find out which of these packages cannot be added, so that they do not keep out the others. */
  async #sortOut(membership: Membership, add: readonly Candidate[]): Promise<void> {
    for (const one of add) {
      await membership.prepare({ add: [one], remove: [] }).catch(() => this.#bad.add(one.hello));
    }
  }

  #propose(prepared: Prepared, add: readonly Candidate[], now: number): void {
    this.#pending = prepared;
    this.#watch.sent(now);
    const { commit, welcome } = prepared;
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
        this.#watch.ahead(now);
        return;
      }
      isOfNow = epoch === membership.epoch;
      const { leaf, leafKey, epoch: of, said } = await membership.hear(bytes);
      this.#watch.heard(leafKey, now);
      this.#hear(leaf, of, said);
    } catch (error) {
      if (this.#note(error) === "not_authentic" && isOfNow) {
        this.#watch.failed(now);
      }
    }
  }

  #hear(leaf: number, epoch: number, said: Said): void {
    switch (said.kind) {
      case "chat":
        this.#out.push({ type: "line", leaf, text: said.text });
        return;
      case "consent": {
        const { recording, granted } = said;
        this.#out.push({ type: "consented", leaf, recording, granted });
        return;
      }
      case "beacon": {
        const { time, counters, final, transcript } = said;
        if (transcript !== this.#membership?.transcriptOf(epoch)) {
          this.#watch.split();
        }
        this.#out.push({ type: "beacon", leaf, epoch, time, counters });
        if (final) {
          this.#out.push({ type: "final", leaf, ...final });
        }
      }
    }
  }

  async #say(text: string): Promise<void> {
    if (await this.#speak({ kind: "chat", text })) {
      this.#out.push({ type: "line", leaf: this.#membership?.ownLeaf ?? 0, text });
    }
  }

  async #sendBeacon(now: number): Promise<void> {
    const membership = this.#membership;
    const final = this.#final();
    if (!membership || (now < this.#beaconAt && final?.epoch !== this.#finalDue)) {
      return;
    }
    this.#beaconAt = now + beaconInterval(membership.leaves.size);
    if (final?.epoch === this.#finalDue) {
      this.#finalDue = null;
    }
    const transcript = membership.transcriptOf(membership.epoch) ?? "";
    const counters = this.#sealed?.epoch === membership.epoch ? this.#sealed.counters : {};
    await this.#speak({ kind: "beacon", time: now, transcript, counters, final });
  }

  /** Our last counters of the epoch before, once none of its keys seals any more. */
  #final(): FinalCounters | null {
    const final = this.#sealed?.final ?? null;
    return final && this.#membership && final.epoch < this.#membership.epoch ? final : null;
  }

  async #speak(said: Said): Promise<boolean> {
    if (!this.#membership || !this.#isConnected) {
      return false;
    }
    const message = encode(await this.#membership.speak(said));
    this.#send({ type: "send_group_message", group: this.#server?.id ?? "", message });
    return true;
  }

  // What people see

  #showMembers(now: number): void {
    const members = this.#members(now);
    const group = this.#membership ? encode(this.#membership.id) : "";
    const text = JSON.stringify([members, group]);
    if (text !== this.#shown) {
      this.#shown = text;
      this.#out.push({ type: "members", members, group });
    }
  }

  #members(now: number): GroupMember[] {
    const membership = this.#membership;
    if (!membership) {
      return [];
    }
    const candidates = this.#roster.candidates();
    return [...membership.leaves].flatMap(([key, leaf]) => {
      const identity = membership.identityOf(key);
      const isSelf = leaf === membership.ownLeaf;
      return identity === null
        ? []
        : {
            leaf,
            participant: candidates.get(key)?.participant ?? null,
            person: encode(identity.person),
            device: encode(identity.device),
            name: identity.name,
            isSelf,
            isSilent: !isSelf && this.#watch.isSilent(key, now),
          };
    });
  }

  #showAlarms(now: number): void {
    const alarms = this.#watch.alarms(now);
    for (const alarm of ["split", "stalled", "unadmitted"] as const) {
      if (alarms.has(alarm) !== this.#alarms.has(alarm)) {
        this.#out.push({ type: "alarm", alarm, isOn: alarms.has(alarm) });
      }
    }
    this.#alarms = alarms;
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

  async #ownPackage(): Promise<OwnPackage> {
    this.#own ??= await this.#makePackage();
    return this.#own;
  }

  #makePackage(): Promise<OwnPackage> {
    const { device, name } = this.#options;
    return makePackage(this.#suite, (key) => writeIdentity(this.#room, key, device, name));
  }
}
