/** A server, or a member, that does what it should not; numbered as in docs/security.md. */

import { ed25519 } from "@noble/curves/ed25519.js";
import {
  createCommit,
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  encodeMlsMessage,
  joinGroupExternal,
} from "ts-mls";
import { describe, expect, it } from "vitest";
import { Group } from "../../src/mls/group";
import { endorsementClaim } from "../../src/mls/identity";
import { makePackage, readPackage } from "../../src/mls/packages";
import { suite } from "../../src/mls/suite";
import type { Input } from "../../src/mls/types";
import { decode, encode } from "../../src/sealing/base64url";
import { type Bytes, utf8 } from "../../src/sealing/bytes";
import { Hall, makeDevice, SECRET, type Visitor } from "./hall";

/** Numbers that look drawn, and are the same each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Three = [Visitor, Visitor, Visitor];

async function meetThree(hall: Hall): Promise<Three> {
  const three = [await hall.enter("anna"), await hall.enter("ben"), await hall.enter("carol")];
  await hall.pass(1500);
  return three as Three;
}

function expectAgreement(visitors: readonly Visitor[]): void {
  expect(new Set(visitors.map(({ keys }) => keys)).size).toBe(1);
  expect(visitors[0]?.keys).not.toBe("none");
  for (const visitor of visitors) {
    expect(visitor.names).toEqual(visitors.map(({ name }) => name).sort());
  }
}

/** Bytes with one bit changed somewhere in the middle. */
function bend(text: string): string {
  const bytes = decode(text) as Bytes;
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return encode(bytes);
}

describe("what the server loses, repeats, delays or turns round (14)", () => {
  it.each([1, 2, 3])("is made up for when it behaves again (seed %i)", async (seed) => {
    const hall = new Hall();
    const random = dice(seed);
    const three = await meetThree(hall);
    hall.tamper = (_, input) => {
      const chance = random();
      if (input.type === "present" || chance > 0.5) {
        return [input];
      }
      return chance < 0.25 ? [] : [input, input];
    };
    const dave = await hall.enter("dave");
    await hall.pass(1500);
    hall.leave(three[1]);
    await hall.pass(1500);
    hall.tamper = (_, input) => [input];
    await hall.pass(25_000);
    expectAgreement([three[0], three[2], dave]);
  });

  it("changes nothing when it comes twice", async () => {
    const hall = new Hall();
    hall.tamper = (_, input) => [input, input];
    const three = await meetThree(hall);
    await hall.give(three[0], { type: "say", text: "once" });
    await hall.pass(500);
    expectAgreement(three);
    expect(three[1].lines).toEqual(["anna: once"]);
  });
});

describe("commits", () => {
  it("of two members at once: the loser follows the winner (15)", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    hall.now += 700_000; // all three have to renew their keys
    await hall.pass(1000);
    expect((hall.sent.get("send_commit") ?? 0) - (hall.group?.number ?? 0)).toBeGreaterThan(0);
    expectAgreement([anna, ben, carol]);
  });

  it("that are forged are refused, and whoever was shown them comes back (16)", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    hall.tamper = (to, input) =>
      input.type === "commit_accepted" && to === ben
        ? [{ ...input, commit: bend(input.commit) }]
        : [input];
    const dave = await hall.enter("dave");
    await hall.pass(500);
    hall.tamper = (_, input) => [input];
    expect(ben.refused).toEqual(["not_authentic"]);
    expect(anna.keys).toBe(dave.keys);
    expect(anna.keys).not.toBe(ben.keys);
    await hall.pass(30_000);
    expectAgreement([anna, ben, carol, dave]);
    expect([...ben.alarms]).toEqual(["split"]); // he knows what happened
  });

  it("that are old change nothing when they come again as new ones (16)", async () => {
    const hall = new Hall();
    const three = await meetThree(hall);
    const before = three[0].keys;
    const [old] = hall.commits;
    for (const visitor of three) {
      hall.tell(visitor, { ...(old as (typeof hall.commits)[0]), number: hall.group?.number ?? 0 });
    }
    await hall.pass(100);
    expect(three.map(({ keys }) => keys)).toEqual([before, before, before]);
  });

  it("of nobody in the group are refused by all (17)", async () => {
    const credential = { credentialType: "basic" as const, identity: utf8("insider") };
    const pack = await makePackage(suite, async () => credential.identity);
    const guest = await makePackage(suite, async () => utf8("guest"));
    const id = new Uint8Array(32);
    const founder = await createGroup(id, pack.publicPackage, pack.privatePackage, [], suite);
    const added = await createCommit(
      { state: founder, cipherSuite: suite },
      {
        ratchetTreeExtension: true,
        extraProposals: [
          { proposalType: "add", add: { keyPackage: readPackage(guest.bytes).keyPackage } },
        ],
      },
    );
    const letter = { version: "mls10", wireformat: "mls_welcome", welcome: added.welcome };
    const welcome = encodeMlsMessage(letter as Parameters<typeof encodeMlsMessage>[0]) as Bytes;
    const group = await Group.join(welcome, guest, () => true, suite);
    const info = await createGroupInfoWithExternalPubAndRatchetTree(added.newState, [], suite);
    const ghost = await makePackage(suite, async () => utf8("ghost"));
    const { publicMessage } = await joinGroupExternal(
      info,
      ghost.publicPackage,
      ghost.privatePackage,
      false,
      suite,
    );
    const commit = encodeMlsMessage({
      version: "mls10",
      wireformat: "mls_public_message",
      publicMessage,
    }) as Bytes;
    await expect(group.process(commit)).rejects.toMatchObject({ reason: "not_a_member" });
  });

  it("that are garbage use up a number and block nobody (30)", async () => {
    const hall = new Hall();
    const three = await meetThree(hall);
    for (const commit of ["AAAA", "_".repeat(90_000), bend(hall.commits[0]?.commit ?? "")]) {
      const [group, number] = [hall.group?.id ?? "", hall.group?.number ?? 0];
      const garbage = { type: "send_commit", group, number, commit, welcome: null, added: [] };
      hall.serve(three[2], garbage as Parameters<typeof hall.serve>[1]);
      await hall.pass(50);
    }
    const dave = await hall.enter("dave");
    await hall.pass(1000);
    expectAgreement([...three, dave]);
    expect(hall.group?.number).toBe(5);
  });
});

describe("who was not invited", () => {
  it("is never added, whatever the server shows of them (18)", async () => {
    const hall = new Hall();
    const three = await meetThree(hall);
    const ghost = await hall.enter("ghost", utf8("the server's own"));
    await hall.pass(3000);
    expectAgreement(three);
    expect(ghost.keys).toBe("none");
    expect(hall.sent.get("send_commit")).toBe(1);
  });

  it("does not come in with a package in place of somebody else's (19)", async () => {
    const hall = new Hall();
    const three = await meetThree(hall);
    const ghost = await hall.enter("ghost", utf8("the server's own"));
    hall.tamper = (to, input) =>
      input.type === "present" && to.name !== "dave"
        ? [{ ...input, present: input.present.map((one) => ({ ...one, hello: stand(one) })) }]
        : [input];
    const stand = ({ participant, hello }: { participant: string; hello: string | null }) =>
      participant === "p5" ? ghost.hello : hello;
    const dave = await hall.enter("dave");
    await hall.pass(6000);
    expectAgreement(three);
    expect(dave.id).toBe("p5");
    expect([...dave.alarms]).toEqual(["unadmitted"]);
  });

  it("is shown in no list of people, and people whom the server hides stay in it (24)", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    const ghost = { participant: "ghost", connected: true, hello: null };
    await hall.give(anna, { type: "present", present: [...hall.present, ghost] });
    expect(anna.names).toEqual(["anna", "ben", "carol"]);
    hall.muzzled.add(anna.id); // or she would remove whom she believes gone
    await hall.give(anna, { type: "present", present: hall.present.slice(0, 1) });
    expect(anna.names).toEqual(["anna", "ben", "carol"]);
    expect(anna.members.map(({ participant }) => participant)).toEqual([anna.id, null, null]);
    expect([ben, carol].every(({ keys }) => keys === anna.keys)).toBe(true);
  });

  it("is not taken for somebody whose hello they show (25)", async () => {
    const hall = new Hall();
    const [anna, ben] = await meetThree(hall);
    const copy = { participant: "copy", connected: true, hello: ben.hello };
    await hall.give(anna, { type: "present", present: [...hall.present, copy] });
    await hall.pass(500);
    expect(anna.members.filter(({ participant }) => participant === "copy")).toEqual([]);
  });

  it("reads nothing from before they came (21)", async () => {
    const hall = new Hall();
    const [anna] = await meetThree(hall);
    const before = anna.epochs.flatMap(({ baseKeys }) => [...baseKeys.values()].map(String));
    const dave = await hall.enter("dave");
    await hall.pass(1000);
    const known = dave.epochs.flatMap(({ baseKeys }) => [...baseKeys.values()].map(String));
    expect(known.filter((key) => before.includes(key))).toEqual([]);
  });
});

describe("a server that shows different things to different people", () => {
  it("and keeps a removal from somebody is found out within three seconds (22)", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    hall.tamper = (to, input) => (to === ben && input.type === "commit_accepted" ? [] : [input]);
    hall.leave(carol);
    await hall.pass(300);
    await hall.give(anna, { type: "say", text: "carol has left" });
    await hall.pass(3200);
    expect([...ben.alarms]).toContain("stalled");
  });

  it("cannot bring two histories together again (23)", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    const isApart = (one: string, other: string) => (one === carol.id) !== (other === carol.id);
    // It takes a commit of each side, and tells each that the other one is gone.
    hall.intercept = (from, message) => {
      for (const to of hall.here.filter(({ id }) => !isApart(id, from.id))) {
        if (message.type === "send_commit") {
          const { group, number, commit } = message;
          const participant = from.id;
          hall.tell(to, { type: "commit_accepted", participant, group, number, commit });
        }
      }
      return message.type === "send_commit";
    };
    hall.tamper = (to, input) => {
      if (input.type === "present") {
        const present = input.present.filter(({ participant }) => !isApart(to.id, participant));
        return [{ ...input, present }];
      }
      return [input];
    };
    hall.tellPresent();
    await hall.pass(1500);
    expect([anna.names, carol.names]).toEqual([["anna", "ben"], ["carol"]]);
    expect(anna.epochs.at(-1)?.epoch).toBe(carol.epochs.at(-1)?.epoch);
    for (let line = 0; line < 4; line += 1) {
      await hall.give(anna, { type: "say", text: "are you there?" });
    }
    await hall.pass(500);
    expect(ben.lines.length).toBe(4);
    expect(carol.lines).toEqual([]);
    expect([...carol.alarms]).toEqual(["split"]);
  });

  it("is found out when it relays from another branch of the same epoch (23)", async () => {
    const [hall, twin] = [new Hall(), new Hall()];
    const [anna] = await meetThree(hall);
    const [ann] = await meetThree(twin);
    const lines: Input[] = [];
    twin.tamper = (_, input) => {
      if (input.type === "group_message") {
        lines.push({ ...input, group: hall.group?.id ?? "" });
      }
      return [input];
    };
    for (let line = 0; line < 4; line += 1) {
      await twin.give(ann, { type: "say", text: "from the other side" });
    }
    for (const line of lines) {
      hall.tell(anna, line);
    }
    await hall.pass(200);
    expect(anna.lines).toEqual([]);
    expect([...anna.alarms]).toEqual(["split"]);
  });
});

describe("committers that crash (26)", () => {
  it.each([0, 1, 2])("while %i of them are gone, somebody is still let in", async (crashed) => {
    const hall = new Hall();
    const three = await meetThree(hall);
    for (const visitor of three.slice(0, crashed)) {
      hall.muzzled.add(visitor.id);
    }
    const dave = await hall.enter("dave");
    await hall.pass(100 + 400 * crashed + 200);
    expect(dave.keys).toBe(three[2].keys);
    expect(dave.keys).not.toBe("none");
  });

  it("after their commit was taken and before they heard of it are followed by all", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = await meetThree(hall);
    hall.tamper = (to, input) => (to === anna && input.type !== "present" ? [] : [input]);
    const dave = await hall.enter("dave");
    await hall.pass(500);
    hall.leave(anna);
    await hall.pass(1500);
    expectAgreement([ben, carol, dave]);
  });
});

describe("crowds", () => {
  it("of sixteen who come within a second need few commits, and half of them may leave (27)", async () => {
    const hall = new Hall();
    const visitors: Visitor[] = [];
    for (let count = 0; count < 16; count += 1) {
      visitors.push(await hall.enter(`v${count}`));
      await hall.pass(60);
    }
    await hall.pass(1000);
    expectAgreement(visitors);
    expect(hall.group?.number).toBeLessThanOrEqual(10);
    for (const visitor of visitors.slice(0, 8)) {
      hall.leave(visitor);
    }
    await hall.pass(1000);
    expectAgreement(visitors.slice(8));
  }, 30_000);
});

describe("secrets", () => {
  it("of a key package are gone once it has been used (13)", async () => {
    const annas = await makePackage(suite, async () => utf8("anna"));
    const bens = await makePackage(suite, async () => utf8("ben"));
    const founded = await Group.create(new Uint8Array(32), annas, () => true, suite);
    const { welcome } = await founded.commit([readPackage(bens.bytes)], []);
    await Group.join(welcome as Bytes, bens, () => true, suite);
    for (const { privatePackage } of [annas, bens]) {
      expect(privatePackage.initPrivateKey.every((byte) => byte === 0)).toBe(true);
    }
    await expect(Group.join(welcome as Bytes, bens, () => true, suite)).rejects.toThrow();
  });

  it("that were stolen are of no use after their owner has renewed them (32)", async () => {
    const annas = await makePackage(suite, async () => utf8("anna"));
    const bens = await makePackage(suite, async () => utf8("ben"));
    const founded = await Group.create(new Uint8Array(32), annas, () => true, suite);
    const added = await founded.commit([readPackage(bens.bytes)], []);
    const stolen = await Group.join(added.welcome as Bytes, bens, () => true, suite);
    const renewed = await stolen.commit([], []);
    const anna = await added.next.process(renewed.commit);
    await expect(stolen.process(renewed.commit)).rejects.toMatchObject({ reason: "not_authentic" });
    const { message } = await anna.seal(utf8("for ben alone"));
    await expect(stolen.open(message)).rejects.toMatchObject({ reason: "not_authentic" });
    expect((await renewed.next.open(message)).data).toEqual(utf8("for ben alone"));
  });
});

describe("clocks", () => {
  it("may differ by an hour (37)", async () => {
    const hall = new Hall();
    const skews = [3_600_000, -3_600_000, 0, 1_800_000];
    const all: Visitor[] = [];
    for (const [at, skew] of skews.entries()) {
      all.push(await hall.enter(`v${at}`, SECRET, makeDevice(), skew));
    }
    await hall.pass(20_000);
    expectAgreement(all);
    for (const visitor of all) {
      expect(visitor.members.some(({ isSilent }) => isSilent)).toBe(false);
      expect([...visitor.alarms]).toEqual([]);
    }
  }, 20_000);
});

describe("people with several devices", () => {
  it("are one person with two leaves", async () => {
    const hall = new Hall();
    const [first, second] = [makeDevice(), makeDevice()];
    const endorsement = await first.sign(endorsementClaim(second.device));
    const telephone = { ...second, person: first.device, endorsement };
    const laptop = await hall.enter("anna", SECRET, first);
    const pocket = await hall.enter("anna", SECRET, telephone);
    await hall.pass(1500);
    expectAgreement([laptop, pocket]);
    expect(new Set(laptop.members.map(({ person }) => person)).size).toBe(1);
    expect(new Set(laptop.members.map(({ device }) => device)).size).toBe(2);
  });

  it("do not count as one person without the first device's word", async () => {
    const hall = new Hall();
    const first = makeDevice();
    const thief = { ...makeDevice(), person: first.device };
    thief.endorsement = ed25519.sign(thief.device, ed25519.utils.randomSecretKey()) as Bytes;
    const anna = await hall.enter("anna", SECRET, first);
    const mallory = await hall.enter("anna", SECRET, thief);
    await hall.pass(1500);
    expect(anna.members.length).toBe(1);
    expect(mallory.keys).toBe("none");
  });
});
