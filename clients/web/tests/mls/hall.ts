/** A room with a delivery service as docs/mls.md has it, on a virtual clock, without a network. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { Member } from "../../src/mls/member";
import { suite } from "../../src/mls/suite";
import type { Device, EpochKeys, GroupMember, Input, Output } from "../../src/mls/types";
import { type Bytes, utf8 } from "../../src/sealing/bytes";

export const SECRET = utf8("sixteen bytes of");
const ROOM = "hall";
const LATENCY_MS = 10;
const TICK_MS = 100;

export function makeDevice(): Device {
  const key = ed25519.utils.randomSecretKey();
  const device = ed25519.getPublicKey(key) as Bytes;
  const endorsement = new Uint8Array(64);
  const sign = async (data: Bytes) => ed25519.sign(data, key) as Bytes;
  return { person: device, device, endorsement, sign };
}

export type Sent = Extract<Output, { type: "send" }>["message"];

/** Somebody with a page: their member, and what it told them. */
export class Visitor {
  readonly id: string;
  readonly name: string;
  hello = "";
  isThere = true;
  /** How far this one's clock is ahead, in milliseconds. */
  skew = 0;
  epochs: EpochKeys[] = [];
  isOutside = true;
  members: readonly GroupMember[] = [];
  lines: string[] = [];
  refused: string[] = [];
  outputs: Output[] = [];
  readonly alarms = new Set<string>();
  readonly member: Member;

  constructor(id: string, name: string, member: Member) {
    this.id = id;
    this.name = name;
    this.member = member;
  }

  get keys(): string {
    const now = this.epochs.at(-1);
    return this.isOutside || !now ? "none" : `${now.epoch} ${[...now.baseKeys.values()]}`;
  }

  get names(): string[] {
    return this.members.map(({ name }) => name).sort();
  }

  note(output: Output): void {
    this.outputs.push(output);
    if (output.type === "epoch") {
      this.epochs.push(output.keys);
      this.isOutside = false;
    } else if (output.type === "outside") {
      this.isOutside = true;
    } else if (output.type === "members") {
      this.members = output.members;
    } else if (output.type === "line") {
      const name = this.members.find(({ leaf }) => leaf === output.leaf)?.name;
      this.lines.push(`${name}: ${output.text}`);
    } else if (output.type === "refused") {
      this.refused.push(output.reason);
    } else if (output.type === "alarm") {
      this.alarms[output.isOn ? "add" : "delete"](output.alarm);
    }
  }
}

type Letter = Extract<Input, { type: "group_welcome" }>;

/** What the server tells one client, or another input of theirs, when it is due. */
interface Due {
  readonly at: number;
  readonly to: Visitor;
  readonly input: Input;
}

export class Hall {
  now = 1_700_000_000_000;
  readonly visitors: Visitor[] = [];
  group: { id: string; number: number } | null = null;
  readonly insiders = new Set<string>();
  readonly commits: Extract<Input, { type: "commit_accepted" }>[] = [];
  readonly welcomes = new Map<string, Letter>();
  /** How many messages of each type clients sent. */
  readonly sent = new Map<string, number>();
  /** What a malicious server does to what it tells: nothing for null, or other inputs instead. */
  tamper: (to: Visitor, input: Input) => Input[] = (_, input) => [input];
  /** Clients whose messages the server swallows. */
  readonly muzzled = new Set<string>();
  /** What a malicious server does with what it is sent; true when that is all. */
  intercept: (from: Visitor, message: Sent) => boolean = () => false;
  #due: Due[] = [];
  #count = 0;

  async enter(name: string, secret = SECRET, device = makeDevice(), skew = 0): Promise<Visitor> {
    const options = { roomSecret: secret, room: ROOM, name, device };
    this.#count += 1;
    const visitor = new Visitor(`p${this.#count}`, name, new Member(options, suite));
    visitor.skew = skew;
    visitor.hello = await visitor.member.introduce();
    this.visitors.push(visitor);
    const { id: self } = visitor;
    const { group } = this;
    const { present } = this;
    const entered = { type: "entered", self, resumed: false, group, present } as const;
    this.#due.push({ at: this.now + LATENCY_MS, to: visitor, input: entered });
    this.tellPresent();
    return visitor;
  }

  get here(): Visitor[] {
    return this.visitors.filter(({ isThere }) => isThere);
  }

  get present() {
    return this.here.map(({ id, hello }) => ({ participant: id, connected: true, hello }));
  }

  leave(visitor: Visitor): void {
    visitor.isThere = false;
    this.#expel(visitor);
    this.tellPresent();
  }

  tellPresent(): void {
    for (const visitor of this.here) {
      this.tell(visitor, { type: "present", present: this.present });
    }
  }

  tell(to: Visitor, input: Input): void {
    for (const told of this.tamper(to, input)) {
      this.#due.push({ at: this.now + LATENCY_MS, to, input: told });
    }
  }

  /** Let time pass, and everybody hear what is due and do what they have to. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now += LATENCY_MS;
      const due = this.#due.filter(({ at }) => at <= this.now);
      this.#due = this.#due.filter(({ at }) => at > this.now);
      await Promise.all(
        this.here.map(async (visitor) => {
          for (const { to, input } of due) {
            if (to === visitor) {
              await this.give(visitor, input);
            }
          }
          if (this.now % TICK_MS === 0) {
            await this.give(visitor, { type: "tick" });
          }
        }),
      );
    }
  }

  async give(visitor: Visitor, input: Input): Promise<void> {
    for (const output of await visitor.member.receive(input, this.now + visitor.skew)) {
      visitor.note(output);
      if (output.type === "send" && visitor.isThere && !this.muzzled.has(visitor.id)) {
        this.serve(visitor, output.message);
      }
    }
  }

  serve(from: Visitor, message: Sent): void {
    this.sent.set(message.type, (this.sent.get(message.type) ?? 0) + 1);
    if (this.intercept(from, message)) {
      return;
    }
    if (message.type === "introduce") {
      from.hello = message.hello;
      this.#expel(from);
      this.tellPresent();
    } else if (message.type === "start_group") {
      this.#start(from, message.group);
    } else if (this.group?.id !== message.group) {
      this.#refuse(from, "no-group");
    } else if (message.type === "send_commit") {
      this.#commit(from, message);
    } else if (message.type === "send_group_message") {
      this.#relay(from, message.group, message.message);
    } else {
      this.#catchUp(from, message.number);
    }
  }

  #start(from: Visitor, group: string): void {
    if (this.group) {
      this.#refuse(from, "group-exists");
      return;
    }
    this.group = { id: group, number: 0 };
    this.commits.length = 0;
    this.insiders.add(from.id);
    for (const visitor of this.here) {
      this.tell(visitor, { type: "group_started", participant: from.id, group });
    }
  }

  #commit(from: Visitor, message: Extract<Sent, { type: "send_commit" }>): void {
    const { group } = this;
    if (!group || !this.insiders.has(from.id)) {
      this.#refuse(from, "not-a-member");
    } else if (message.number !== group.number) {
      this.#refuse(from, "stale-commit");
    } else {
      const { number, commit, welcome, added } = message;
      const [id, participant] = [group.id, from.id];
      group.number += 1;
      const accepted = { type: "commit_accepted", participant, group: id, number, commit } as const;
      this.commits.push(accepted);
      this.#toInsiders((one) => this.tell(one, accepted));
      for (const one of this.here.filter((visitor) => added.includes(visitor.id))) {
        const letter = { type: "group_welcome", participant, group: id } as const;
        this.insiders.add(one.id);
        this.welcomes.set(one.id, { ...letter, number: group.number, welcome: welcome ?? "" });
        this.tell(one, this.welcomes.get(one.id) as Letter);
      }
    }
  }

  #relay(from: Visitor, group: string, message: string): void {
    if (!this.insiders.has(from.id)) {
      this.#refuse(from, "not-a-member");
      return;
    }
    this.#toInsiders((one) => {
      if (one !== from) {
        this.tell(one, { type: "group_message", participant: from.id, group, message });
      }
    });
  }

  #catchUp(from: Visitor, number: number | null): void {
    const letter = number === null ? this.welcomes.get(from.id) : undefined;
    if (letter) {
      this.tell(from, letter);
    }
    const first = number ?? letter?.number ?? Number.POSITIVE_INFINITY;
    for (const commit of this.commits.filter((one) => one.number >= first)) {
      this.tell(from, commit);
    }
  }

  #refuse(to: Visitor, code: string): void {
    this.tell(to, { type: "problem", code, reason: "", id: null, fatal: false });
  }

  #toInsiders(say: (visitor: Visitor) => void): void {
    this.here.filter(({ id }) => this.insiders.has(id)).forEach(say);
  }

  #expel(visitor: Visitor): void {
    this.insiders.delete(visitor.id);
    this.welcomes.delete(visitor.id);
    if (this.group && this.insiders.size === 0) {
      const { id } = this.group;
      this.group = null;
      for (const one of this.here) {
        this.tell(one, { type: "group_ended", group: id });
      }
    }
  }
}
