/** One member's view of a group: with the others it agrees, and whatever is forged changes nothing. */

import { describe, expect, it } from "vitest";
import { Group } from "../../src/mls/group";
import { makePackage, type OwnPackage, readPackage } from "../../src/mls/packages";
import { Refused } from "../../src/mls/refused";
import { suite } from "../../src/mls/suite";
import { type Bytes, utf8 } from "../../src/sealing/bytes";

const anybody = () => true;

function pack(name: string): Promise<OwnPackage> {
  return makePackage(suite, async () => utf8(name));
}

async function found(name: string): Promise<Group> {
  return Group.create(new Uint8Array(32), await pack(name), anybody, suite);
}

/** Let one of them commit, and all others follow; who is added joins. */
async function turn(groups: Group[], by: number, packs: OwnPackage[]): Promise<Group[]> {
  const committer = groups[by % groups.length] as Group;
  const add = packs.map(({ bytes }) => readPackage(bytes));
  const { commit, welcome, next } = await committer.commit(add, []);
  const others = groups.map((one) => (one === committer ? next : one.process(commit)));
  const joiners = packs.map((one) => Group.join(welcome as Bytes, one, anybody, suite));
  return Promise.all([...others, ...joiners]);
}

async function pair(): Promise<[Group, Group]> {
  return (await turn([await found("anna")], 0, [await pack("ben")])) as [Group, Group];
}

function secretsOf(groups: Group[]): Promise<string[]> {
  return Promise.all(groups.map(async (one) => String(await one.export("x", utf8("y"), 16))));
}

function reasonOf(step: Promise<unknown>): Promise<string> {
  return step.then(
    () => "taken",
    (error) => (error instanceof Refused ? error.reason : String(error)),
  );
}

describe("a group", () => {
  it("grows to twenty, by ones and threes with updates between, and all agree", async () => {
    let groups = [await found("0")];
    for (let round = 0; groups.length < 20; round += 1) {
      const packs = await Promise.all(Array.from({ length: 1 + (round % 3) }, () => pack("n")));
      groups = await turn(groups, round * 7, packs);
      if (round % 4 === 3) {
        groups = await turn(groups, round * 5, []);
      }
    }
    expect(new Set(await secretsOf(groups)).size).toBe(1);
  }, 60_000);

  it("locks out who is removed", async () => {
    const [anna, ben] = await pair();
    const { commit, next } = await anna.commit([], [ben.ownLeaf]);
    expect((await ben.process(commit)).isOver).toBe(true);
    expect(next.leaves.map(({ leaf }) => leaf)).toEqual([0]);
    expect((await secretsOf([next]))[0]).not.toBe((await secretsOf([ben]))[0]);
  });

  it("says who said something", async () => {
    const [anna, ben] = await pair();
    const { message } = await ben.seal(utf8("hello"));
    expect(Group.epochOf(message)).toBe(1);
    const { leaf, epoch, data } = await anna.open(message);
    expect([leaf, epoch, data]).toEqual([1, 1, utf8("hello")]);
  });

  it("opens what was said in the epoch before", async () => {
    const [anna, ben] = await pair();
    const { message } = await ben.seal(utf8("late"));
    const { next } = await anna.commit([], []);
    expect((await next.open(message)).data).toEqual(utf8("late"));
  });

  it("opens nothing twice", async () => {
    const [anna, ben] = await pair();
    const { message } = await ben.seal(utf8("once"));
    const { next } = await anna.open(message);
    expect(await reasonOf(next.open(message))).toBe("not_authentic");
  });
});

describe("what is forged or garbage", () => {
  it("is refused in any changed byte of a commit, and the genuine one is taken after it", async () => {
    const [anna, ben] = await pair();
    const { commit, next } = await anna.commit([], []);
    for (let at = 0; at < commit.length; at += 7) {
      const forged = commit.slice();
      forged[at] = (forged[at] ?? 0) ^ 0x20;
      expect(await reasonOf(ben.process(forged)), `byte ${at}`).not.toBe("taken");
    }
    const secrets = await secretsOf([await ben.process(commit), next]);
    expect(secrets[0]).toBe(secrets[1]);
  });

  it("is refused when it is cut off, or longer", async () => {
    const [anna, ben] = await pair();
    const { commit } = await anna.commit([], []);
    for (const length of [0, 1, 2, 3, 40, commit.length - 1]) {
      expect(await reasonOf(ben.process(commit.slice(0, length)))).toBe("malformed");
    }
    expect(await reasonOf(ben.process(new Uint8Array([...commit, 0])))).toBe("malformed");
  });

  it("is refused when it is of an earlier epoch", async () => {
    const [anna, ben] = await pair();
    const { commit } = await anna.commit([], []);
    const after = await ben.process(commit);
    expect(await reasonOf(after.process(commit))).not.toBe("taken");
  });

  it("is refused when somebody is added whose credential does not hold", async () => {
    const choosy = (identity: Bytes) => String(identity) !== String(utf8("ghost"));
    const [founder, guest, ghost] = await Promise.all(["anna", "ben", "ghost"].map(pack));
    const naive = await Group.create(new Uint8Array(32), founder as OwnPackage, anybody, suite);
    const added = await naive.commit([readPackage((guest as OwnPackage).bytes)], []);
    const join = Group.join(added.welcome as Bytes, guest as OwnPackage, choosy, suite);
    const { commit, welcome } = await added.next.commit(
      [readPackage((ghost as OwnPackage).bytes)],
      [],
    );
    expect(await reasonOf((await join).process(commit))).toBe("bad_credential");
    const late = Group.join(welcome as Bytes, ghost as OwnPackage, choosy, suite);
    expect(await reasonOf(late)).toBe("bad_credential");
  });

  it("is refused as a Welcome for somebody else", async () => {
    const [anna] = await pair();
    const [carol, dave] = await Promise.all([pack("carol"), pack("dave")]);
    const { welcome } = await anna.commit([readPackage(carol.bytes)], []);
    expect(await reasonOf(Group.join(welcome as Bytes, dave, anybody, suite))).not.toBe("taken");
  });
});
