/** Members of a group on an honest server: they agree, whoever comes, goes or crashes. */

import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/sealing/bytes";
import { Hall, type Visitor } from "./hall";

function expectAgreement(visitors: readonly Visitor[]): void {
  const names = visitors.map(({ name }) => name).sort();
  for (const visitor of visitors) {
    expect(visitor.names).toEqual(names);
    expect(visitor.keys).toBe(visitors[0]?.keys);
    expect(visitor.keys).not.toBe("none");
    expect([...visitor.alarms]).toEqual([]);
  }
}

async function meet(hall: Hall, ...names: string[]): Promise<Visitor[]> {
  const visitors: Visitor[] = [];
  for (const name of names) {
    visitors.push(await hall.enter(name));
  }
  await hall.pass(1500);
  return visitors;
}

describe("coming and going", () => {
  it("gives a single person keys of their own", async () => {
    const hall = new Hall();
    expectAgreement(await meet(hall, "anna"));
  });

  it("brings three together, with one commit for two who come at once", async () => {
    const hall = new Hall();
    expectAgreement(await meet(hall, "anna", "ben", "carol"));
    expect(hall.sent.get("send_commit")).toBe(1);
  });

  it("locks out who leaves, at once", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = (await meet(hall, "anna", "ben", "carol")) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    hall.leave(ben);
    await hall.pass(300);
    expectAgreement([anna, carol]);
    expect(anna.epochs.at(-1)?.cause).toBe("removed");
    expect(anna.keys).not.toBe(ben.keys);
  });

  it("goes on when the first member leaves", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = (await meet(hall, "anna", "ben", "carol")) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    hall.leave(anna);
    await hall.pass(1000);
    expectAgreement([ben, carol]);
  });

  it("begins again when everybody has left", async () => {
    const hall = new Hall();
    const [anna] = (await meet(hall, "anna")) as [Visitor];
    hall.leave(anna);
    const [ben, carol] = (await meet(hall, "ben", "carol")) as [Visitor, Visitor];
    expectAgreement([ben, carol]);
  });

  it("lets in who comes back with new keys, and their old leaf goes in the same commit", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    const before = hall.sent.get("send_commit");
    hall.leave(ben);
    const again = await hall.enter("ben");
    await hall.pass(1000);
    expectAgreement([anna, again]);
    expect(hall.sent.get("send_commit")).toBe((before ?? 0) + 1);
  });

  it("keeps out who has another secret, and tells them", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    const mallory = await hall.enter("mallory", utf8("another sixteen "));
    await hall.pass(6000);
    expectAgreement([anna, ben]);
    expect(mallory.keys).toBe("none");
    expect([...mallory.alarms]).toEqual(["unadmitted"]);
  });
});

describe("committers", () => {
  it("are replaced when they do not answer", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben", "carol")) as [Visitor, Visitor];
    hall.muzzled.add(anna.id);
    const dave = await hall.enter("dave");
    await hall.pass(1000);
    expect(dave.keys).toBe(ben.keys);
    expect(dave.names).toEqual(["anna", "ben", "carol", "dave"]);
  });

  it("renew their keys when nothing else happens", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    hall.now += 601_000;
    await hall.pass(4000);
    expectAgreement([anna, ben]);
    expect(anna.epochs.at(-1)?.cause).toBe("updated");
    expect(anna.epochs.at(-1)?.epoch).toBe(3); // each of the two has
  });
});

describe("keys that were given away", () => {
  it("are renewed on demand, and all follow", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    const before = ben.keys;
    await hall.give(ben, { type: "renew" });
    await hall.pass(300);
    expectAgreement([anna, ben]);
    expect(ben.keys).not.toBe(before);
    await hall.pass(3000);
    expect(ben.epochs.at(-1)?.epoch).toBe(2);
  });
});

describe("a commit that comes too late", () => {
  it("whose winner was lost on the way is followed by it at once", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    let isLost = false;
    hall.tamper = (to, input) => {
      const loses = !isLost && to === ben && input.type === "commit_accepted";
      isLost ||= loses;
      return loses ? [] : [input];
    };
    await hall.give(anna, { type: "renew" });
    await hall.give(ben, { type: "renew" });
    await hall.pass(500);
    expect(isLost).toBe(true);
    expectAgreement([anna, ben]);
  });
});

describe("what members say", () => {
  it("is heard by all others once, with the name of who said it", async () => {
    const hall = new Hall();
    const [anna, ben, carol] = (await meet(hall, "anna", "ben", "carol")) as [
      Visitor,
      Visitor,
      Visitor,
    ];
    await hall.give(ben, { type: "say", text: "Grüße" });
    await hall.pass(100);
    for (const visitor of [anna, ben, carol]) {
      expect(visitor.lines).toEqual(["ben: Grüße"]);
    }
  });

  it("shows nobody as silent who is there, and who says nothing as silent", async () => {
    const hall = new Hall();
    const [anna, ben] = (await meet(hall, "anna", "ben")) as [Visitor, Visitor];
    await hall.pass(20_000);
    expect(anna.members.map(({ isSilent }) => isSilent)).toEqual([false, false]);
    hall.muzzled.add(ben.id);
    await hall.pass(20_000);
    expect(anna.members.map(({ isSilent }) => isSilent)).toEqual([false, true]);
  });
});
