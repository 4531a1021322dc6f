/** A tile waits for keys while frames come and none of them opens. */

import { describe, expect, it } from "vitest";
import { refusedFrames, Seals } from "../../src/call/seals";
import { noCounts } from "../../src/sealing/frames";

const report = { counts: noCounts(), delay: 0, isFrozen: false };
const counts = (changes: object) =>
  new Map([["c1", { ...report, counts: { ...noCounts(), ...changes } }]]);

function waitsAfter(...seconds: object[]): boolean {
  const seals = new Seals();
  for (const changes of seconds) {
    seals.note(counts(changes));
  }
  return seals.isWaiting("c1");
}

describe("waiting for keys", () => {
  it.each([
    ["nothing comes", [{}, {}], false],
    ["frames open", [{ opened: 9 }, { opened: 18 }], false],
    ["frames come without keys", [{ unknown_key: 9 }], true],
    ["nothing opens any more", [{ opened: 9 }, { opened: 9, not_authentic: 5 }], true],
    ["it goes on", [{ unknown_key: 9 }, { unknown_key: 9, opened: 1 }], false],
    ["the publisher pauses", [{ unknown_key: 9 }, { unknown_key: 9 }], true],
    ["forged frames come among genuine ones", [{ opened: 9, not_authentic: 99 }], false],
    ["duplicates and empty frames come", [{ replayed: 9, empty: 9 }], false],
  ])("when %s", (_, seconds, waits) => {
    expect(waitsAfter(...seconds)).toBe(waits);
  });

  it("ends with the publication", () => {
    const seals = new Seals();
    seals.note(counts({ unknown_key: 1 }));
    seals.note(new Map());
    expect(seals.isWaiting("c1")).toBe(false);
  });
});

describe("34, 35: what is held back", () => {
  it.each([
    ["nothing", {}, [false, false]],
    ["frames that come as late as ever in a bad network", { delay: 3000 }, [false, false]],
    ["frames that come later", { delay: 3001 }, [true, false]],
    ["a stream that stands still", { isFrozen: true }, [false, true]],
  ])("is seen: %s", (_, changes, expected) => {
    const seals = new Seals();
    expect([seals.isDelayed("c1"), seals.isFrozen("c1")]).toEqual([false, false]);
    seals.note(new Map([["c1", { ...report, ...changes }]]));
    expect([seals.isDelayed("c1"), seals.isFrozen("c1")]).toEqual(expected);
  });
});

it("counts as refused what should not have come", () => {
  const all = { ...noCounts(), opened: 1, empty: 2, replayed: 4, malformed: 8, unknown_key: 16 };
  expect(refusedFrames(all)).toBe(24);
});

describe("what the server is told", () => {
  it("is each refusal once, whoever's it was, and no empty frame", () => {
    const seals = new Seals();
    expect(seals.untold()).toBeNull();
    seals.note(counts({ replayed: 2, empty: 9, opened: 9 }));
    seals.note(counts({ replayed: 3, not_authentic: 1, opened: 9 }));
    const refused = seals.untold();
    expect(refused).toMatchObject({ replayed: 3, not_authentic: 1, malformed: 0 });
    expect(refused).not.toHaveProperty("empty");
    seals.note(counts({ replayed: 4, not_authentic: 1 }));
    if (refused) {
      seals.told(refused);
    }
    expect(seals.untold()).toMatchObject({ replayed: 1, not_authentic: 0 });
  });

  it("never falls when somebody has other keys, and counts anew", () => {
    const seals = new Seals();
    seals.note(counts({ replayed: 5 }));
    seals.note(counts({ replayed: 1 }));
    seals.note(counts({ replayed: 2 }));
    expect(seals.untold()).toMatchObject({ replayed: 6 });
  });
});
