/** Members of a group and their frames: who opens what, whoever comes and goes. */

import { describe, expect, it } from "vitest";
import type { Device } from "../../src/mls/types";
import { decode, encode } from "../../src/sealing/base64url";
import { type Bytes, utf8 } from "../../src/sealing/bytes";
import { STREAMS } from "../../src/sealing/frames";
import { GroupKeys } from "../../src/sealing/groupkeys";
import { Hall, SECRET, type Visitor } from "../mls/hall";
import { DELTA } from "./senders";

/** Somebody whose keys do what the worker does with them. */
interface Person {
  readonly visitor: Visitor;
  readonly keys: GroupKeys;
  /** Frames under new keys may open now: how often that was said. */
  rekeyed: number;
  readonly beacons: Record<string, number>[];
}

async function enter(hall: Hall, name: string, device?: Device): Promise<Person> {
  const visitor = await hall.enter(name, SECRET, device);
  const { member } = visitor;
  const [introduce, receive] = [member.introduce.bind(member), member.receive.bind(member)];
  const person: Person = {
    visitor,
    keys: new GroupKeys(
      { introduce, receive },
      {
        rekeyed: () => {
          person.rekeyed += 1;
        },
        beacon: (from, _, counters) => person.beacons.push({ [from]: counters["1.0"] ?? 0 }),
      },
    ),
    rekeyed: 0,
    beacons: [],
  };
  member.receive = (input, now) => person.keys.receive(input, now) as ReturnType<typeof receive>;
  return person;
}

async function meet(...names: string[]): Promise<{ hall: Hall; people: Person[] }> {
  const hall = new Hall();
  const people: Person[] = [];
  for (const name of names) {
    people.push(await enter(hall, name));
  }
  await hall.pass(1500);
  return { hall, people };
}

async function seal(from: Person, now: number): Promise<Bytes> {
  const sealer = from.keys.sealer(STREAMS.camera, now);
  if (!sealer) {
    throw new Error("no keys to seal with");
  }
  return sealer.seal("VP9", utf8("media"), DELTA);
}

async function open(at: Person, from: Person, data: Bytes, now: number): Promise<string> {
  const opener = at.keys.opener(from.visitor.id, STREAMS.camera);
  const result = opener ? await opener.open("VP9", data, now) : "stranger";
  return typeof result === "string" ? result : "opened";
}

async function everybodyOpensEverybody(hall: Hall, people: readonly Person[]): Promise<void> {
  for (const from of people) {
    const frame = await seal(from, hall.now);
    for (const at of people.filter((one) => one !== from)) {
      expect(await open(at, from, frame, hall.now)).toBe("opened");
    }
  }
}

describe("people in a group", () => {
  it("open each other's frames, and nothing of the keys is told to the page", async () => {
    const { hall, people } = await meet("anna", "ben", "carol");
    await everybodyOpensEverybody(hall, people);
    const told = people.flatMap(({ visitor }) => visitor.outputs.map(({ type }) => type));
    for (const secret of ["epoch", "outside", "final", "beacon"]) {
      expect(told).not.toContain(secret);
    }
    expect(people.every(({ rekeyed }) => rekeyed > 0)).toBe(true);
  });

  it("39: give their own keys of each epoch to a recording, and only sealed", async () => {
    const { hall, people } = await meet("anna", "ben");
    const [anna] = people as [Person, Person];
    const publicKey = encode(new Uint8Array(32).fill(9));
    const first = await anna.keys.sealKeys(publicKey, "r1");
    const told = anna.visitor.outputs.length;
    await hall.give(anna.visitor, { type: "renew" });
    await hall.pass(300);
    const news = anna.visitor.outputs.slice(told).map((output) => output.type as string);
    expect(news).toContain("rekeyed");
    const second = await anna.keys.sealKeys(publicKey, "r1");
    expect(decode(first ?? "")?.length).toBe(32 + 61 + 16);
    expect(second).not.toBe(first);
  });

  it("hear from each other how far they have come", async () => {
    const { hall, people } = await meet("anna", "ben");
    const [anna, ben] = people as [Person, Person];
    await seal(anna, hall.now);
    await hall.pass(6000);
    expect(ben.beacons).toContainEqual({ [anna.visitor.id]: 1 });
  });

  it("20: lock out who leaves: neither opens nor injects anything from then on", async () => {
    const { hall, people } = await meet("anna", "ben", "carol");
    const [anna, ben, carol] = people as [Person, Person, Person];
    const late = await seal(anna, hall.now);
    hall.leave(ben.visitor);
    await hall.pass(300);
    expect(await open(carol, ben, await seal(ben, hall.now), hall.now)).toBe("stranger");
    const frame = await seal(anna, hall.now);
    expect(["early", "unknown_key"]).toContain(await open(ben, anna, frame, hall.now));
    expect(await open(carol, anna, late, hall.now)).toBe("opened");
    await everybodyOpensEverybody(hall, [anna, carol]);
  });

  it("20: tell the others at once up to where their old keys count", async () => {
    const { hall, people } = await meet("anna", "ben", "carol");
    const [anna, ben, carol] = people as [Person, Person, Person];
    await seal(anna, hall.now);
    // What Anna seals under the old keys and never counts, as somebody could who has these keys.
    const sealer = anna.keys.sealer(STREAMS.camera, hall.now);
    hall.leave(ben.visitor);
    await hall.pass(300);
    const injected = await sealer?.seal("VP9", utf8("media"), DELTA);
    expect(await open(carol, anna, injected as Bytes, hall.now)).toBe("unknown_key");
  });

  it("9: reload and are back in a moment, with other keys at whatever leaf", async () => {
    const { hall, people } = await meet("anna", "ben", "carol");
    const [anna, ben, carol] = people as [Person, Person, Person];
    const before = await seal(ben, hall.now);
    hall.leave(ben.visitor);
    const again = await enter(hall, "ben");
    await hall.pass(2000);
    await everybodyOpensEverybody(hall, [anna, again, carol]);
    expect(await open(anna, again, before, hall.now)).toBe("unknown_key");
  });

  it("37: have hours between their clocks", async () => {
    const { hall, people } = await meet("anna", "ben");
    const [anna, ben] = people as [Person, Person];
    const frame = await seal(anna, hall.now + 3_600_000);
    expect(await open(ben, anna, frame, hall.now)).toBe("opened");
  });
});

it("a person with another secret is a stranger, and nothing is sealed for them", async () => {
  const { hall, people } = await meet("anna");
  const [anna] = people as [Person];
  const eve = await hall.enter("eve", utf8("another 16 bytes"));
  await hall.pass(2000);
  expect(anna.keys.opener(eve.id, STREAMS.camera)).toBeNull();
});
