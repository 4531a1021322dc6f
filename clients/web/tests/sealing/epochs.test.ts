/** Keys of a group change under a call: what is sealed with which, and what opens for how long. */

import { describe, expect, it } from "vitest";
import { importEpoch } from "../../src/sealing/epochs";
import { STREAMS } from "../../src/sealing/frames";
import { group, keysOf, Member } from "./groups";

async function pair(epoch = 5): Promise<[Member, Member]> {
  const [ana, ben] = await group(epoch, 0, 0, 1);
  return [ana as Member, ben as Member];
}

describe("new keys seal", () => {
  it.each([
    ["joined", 0],
    ["removed", 0],
    ["added", 500],
    ["updated", 500],
  ] as const)("after somebody %s in %d ms", async (cause, lag) => {
    const [ana] = await pair();
    await ana.install(6, 1000, { cause });
    expect(ana.epochAt(1000 + lag)).toBe(6);
    if (lag > 0) {
      const [ben] = await pair();
      await ben.install(6, 1000, { cause });
      expect(ben.epochAt(1000 + lag - 1)).toBe(5);
    }
  });

  it("with the first authentic frame of somebody else, and not with a forged one", async () => {
    const [ana, ben] = await pair();
    await ben.install(6, 0);
    const frame = await ben.seal(600);
    const forged = frame.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    await ana.install(6, 600);
    expect(await ana.open(1, forged, 601)).toBe("not_authentic");
    expect(ana.epochAt(601)).toBe(5);
    expect(await ana.open(1, frame, 601)).toBe("opened");
    expect(ana.epochAt(601)).toBe(6);
  });

  it("though the group changes all the time", async () => {
    const [ana] = await pair();
    for (let epoch = 6; epoch < 20; epoch += 1) {
      await ana.install(epoch, epoch * 100);
      expect(ana.epochAt(epoch * 100)).toBeGreaterThanOrEqual(epoch - 1);
    }
  });

  it("20: at once under the newest, whatever was about to", async () => {
    const [ana] = await pair();
    await ana.install(6, 1000);
    await ana.install(7, 1001, { cause: "removed" });
    expect(ana.epochAt(1001)).toBe(7);
  });

  it("never while we are in no group", async () => {
    const [ana] = await pair();
    ana.ring.leave();
    expect(ana.ring.sealing.sealer(STREAMS.camera, 0)).toBeNull();
    expect(ana.epochAt(0)).toBeNull();
  });
});

describe("9: no key meets a counter twice", () => {
  it.each([
    ["twice the same epoch", 5],
    ["an earlier epoch", 4],
    ["one far behind, of the same low bits", 5 - 256],
  ])("by %s", async (_, epoch) => {
    const [ana] = await pair();
    await ana.seal(0);
    expect(await ana.install(epoch, 10, { cause: "joined" })).toBe(false);
    expect(ana.ring.sealing.progress(10).now).toEqual({ epoch: 5, counters: { "1.0": 1 } });
  });

  it("by leaving and coming back", async () => {
    const [ana] = await pair();
    ana.ring.leave();
    expect(await ana.install(5, 10, { cause: "joined" })).toBe(false);
    expect(ana.ring.sealing.sealer(STREAMS.camera, 10)).toBeNull();
    expect(await ana.install(6, 10, { cause: "joined" })).toBe(true);
  });

  it("by many streams, layers and epochs in whatever order", async () => {
    const [ana] = await pair(0);
    const heads = new Set<string>();
    let sealed = 0;
    for (let epoch = 1; epoch < 12; epoch += 1) {
      for (const now of [0, 100, 499, 500, 700]) {
        if (now === 100) {
          await ana.install(epoch, 1000 * epoch + now, { cause: epoch % 3 ? "added" : "removed" });
        }
        for (const spatial of [0, 1, 2, 0]) {
          const frame = await ana.seal(1000 * epoch + now, spatial);
          heads.add(`${ana.epochAt(1000 * epoch + now)} ${frame.slice(0, 6)}`);
          sealed += 1;
        }
      }
    }
    expect(heads.size).toBe(sealed);
  });

  it("and another group counts for itself", async () => {
    const [ana] = await pair();
    expect(await ana.install(1, 10, { cause: "joined", group: "h" })).toBe(true);
    expect(ana.epochAt(10)).toBe(1);
  });
});

describe("what we have sealed", () => {
  it("is told for this epoch and, as our last word, for the one before", async () => {
    const [ana] = await pair();
    await ana.seal(0);
    await ana.seal(0, 2);
    await ana.install(6, 100);
    await ana.seal(200, 2);
    expect(ana.ring.sealing.progress(300)).toEqual({
      now: { epoch: 5, counters: { "1.0": 1, "1.2": 2 } },
      before: null,
    });
    await ana.seal(600);
    expect(ana.ring.sealing.progress(600)).toEqual({
      now: { epoch: 6, counters: { "1.0": 1 } },
      before: { epoch: 5, counters: { "1.0": 1, "1.2": 2 } },
    });
  });
});

describe("old keys open", () => {
  it.each([
    ["added", 10_000],
    ["updated", 10_000],
    ["removed", 2_000],
  ] as const)("after somebody was %s for %d ms", async (cause, grace) => {
    const [ana, ben] = await pair();
    const [early, late] = [await ana.seal(0), await ana.seal(0)];
    await ben.install(6, 1000, { cause });
    expect(await ben.open(0, early, 1000 + grace - 1)).toBe("opened");
    expect(await ben.open(0, late, 1000 + grace)).toBe("unknown_key");
  });

  it("20: for less time from a removal on, though there is another epoch between", async () => {
    const [ana, ben] = await pair();
    const frame = await ana.seal(0);
    await ben.install(6, 1000);
    await ben.install(7, 1100, { cause: "removed" });
    expect(await ben.open(0, frame, 3100)).toBe("unknown_key");
  });

  it("20: only up to what their sender has declared, and a declaration counts once", async () => {
    const [ana, ben, eve] = await group(5, 0, 0, 1, 0);
    const [first, second] = [await ana?.seal(0), await ana?.seal(0)];
    // Eve, who was removed, knows the keys of all, Ana's too.
    const injected = await Promise.all([eve?.seal(0), eve?.seal(0), eve?.seal(0)]);
    await ben?.install(6, 1000, { cause: "removed" });
    const end = (count: number) =>
      ben?.ring.opening.end(0, { epoch: 5, counters: { "1.0": count } });
    end(2);
    end(99);
    expect(await ben?.open(0, first as never, 1500)).toBe("opened");
    expect(await ben?.open(0, injected[2] as never, 1500)).toBe("unknown_key");
    expect(await ben?.open(0, second as never, 1500)).toBe("opened");
  });

  it("to the last counter of a layer that was declared, and nothing of one that was not", async () => {
    const [ana, ben] = await pair();
    const frame = await ana.seal(0, 1);
    await ben.install(6, 1000);
    ben.ring.opening.end(0, { epoch: 5, counters: { "1.0": 7 } });
    expect(await ben.open(0, frame, 1000)).toBe("unknown_key");
  });

  it("no declaration ends the current epoch", async () => {
    const [ana, ben] = await pair();
    ben.ring.opening.end(0, { epoch: 5, counters: {} });
    expect(await ben.open(0, await ana.seal(0), 0)).toBe("opened");
  });

  it("20: nothing of whoever was removed, from that moment on", async () => {
    const [ben, eve] = await group(5, 0, 1, 2);
    const frame = await eve?.seal(0);
    await ben?.install(6, 1000, { cause: "removed", leaves: [0, 1] });
    expect(await ben?.open(2, frame as never, 1000)).toBe("unknown_key");
  });

  it("20: nothing of whoever had a leaf that is somebody else's now", async () => {
    const [ben, eve] = await group(5, 0, 1, 2);
    const frame = await eve?.seal(0);
    await ben?.install(6, 1000, { cause: "removed" });
    ben?.ring.opening.expel(2);
    expect(await ben?.open(2, frame as never, 1000)).toBe("unknown_key");
    const chi = new Member(2);
    await chi.install(6, 1000, { cause: "joined" });
    expect(await ben?.open(2, await chi.seal(1000), 1000)).toBe("opened");
  });

  it("20: and whoever was removed opens nothing that is sealed after it", async () => {
    const [ana, eve] = await group(5, 0, 0, 2);
    await ana?.install(6, 1000, { cause: "removed", leaves: [0, 1] });
    const frame = (await ana?.seal(1000)) as never;
    expect(await eve?.open(0, frame, 1000)).toBe("early");
    await eve?.install(7, 1001, { group: "h" });
    expect(await eve?.open(0, frame, 1001)).toBe("unknown_key");
  });

  it("21: who joins opens nothing of before", async () => {
    const [ana] = await pair();
    const frame = await ana.seal(0);
    const chi = new Member(2);
    await chi.install(6, 0, { cause: "joined" });
    expect(await chi.open(0, frame, 0)).toBe("unknown_key");
  });

  it("nothing when we are in no group", async () => {
    const [ana, ben] = await pair();
    ben.ring.leave();
    expect(await ben.open(0, await ana.seal(0), 0)).toBe("unknown_key");
  });
});

describe("3: a frame that was opened", () => {
  it("is a repetition after an epoch change too", async () => {
    const [ana, ben] = await pair();
    const frame = await ana.seal(0);
    expect(await ben.open(0, frame, 0)).toBe("opened");
    await ben.install(6, 10);
    expect(await ben.open(0, frame, 20)).toBe("replayed");
    expect(await ben.open(0, frame, 20_000)).toBe("unknown_key");
  });

  it("is no frame of the next epoch that has the same counter", async () => {
    const [ana, ben] = await pair();
    const [before, after] = [await ana.seal(0), new Member(0)];
    await after.install(6, 0, { cause: "joined" });
    await ben.install(6, 10);
    expect(await ben.open(0, before, 20)).toBe("opened");
    expect(await ben.open(0, await after.seal(0), 20)).toBe("opened");
  });
});

describe("4: epochs n and n + 256", () => {
  it("never mix: of two only the new one is kept", async () => {
    const [ana, ben] = await pair();
    const frame = await ana.seal(0);
    await ben.install(5 + 256, 10);
    expect(await ben.open(0, frame, 20)).toBe("not_authentic");
    await ana.install(5 + 256, 10);
    expect(await ben.open(0, await ana.seal(600), 600)).toBe("opened");
  });

  it("have different keys for the same numbers", async () => {
    const [ana, ben] = [new Member(0), new Member(1)];
    await ana.install(3, 0, { cause: "joined" });
    await ben.install(259, 0, { cause: "joined" });
    expect(await ben.open(0, await ana.seal(0), 0)).toBe("not_authentic");
  });
});

describe("a frame of the next epoch", () => {
  it("is early, and opens when its keys have come", async () => {
    const [ana, ben] = await pair();
    await ana.install(6, 0, { cause: "removed" });
    const frame = await ana.seal(0);
    expect(await ben.open(0, frame, 0)).toBe("early");
    expect(ben.ring.opening.opener(0, STREAMS.camera).counts.unknown_key).toBe(0);
    await ben.install(6, 10, { cause: "removed" });
    expect(await ben.open(0, frame, 10)).toBe("opened");
  });

  it.each([
    ["the one after that", 7, 0, 0],
    ["another leaf", 6, 1, 0],
    ["a leaf that we do not know", 6, 3, 3],
  ])("is not %s", async (_, epoch, leaf, expected) => {
    const ben = new Member(1);
    await ben.install(5, 0, { cause: "joined" });
    const other = new Member(leaf);
    await other.install(epoch, 0, { cause: "joined", leaves: [0, 1, 2, 3] });
    expect(await ben.open(expected, await other.seal(0), 0)).toBe("unknown_key");
  });

  it("is not one of another stream", async () => {
    const [ana, ben] = await pair();
    await ana.install(6, 0, { cause: "removed" });
    const microphone = ben.ring.opening.opener(0, STREAMS.microphone);
    expect(await microphone.open("opus", await ana.seal(0), 0)).toBe("unknown_key");
  });
});

it("5: a thousand forged frames of any epoch switch no key off", async () => {
  const [ana, ben] = await pair();
  const later = new Member(0);
  await later.install(6, 0, { cause: "joined" });
  await ben.install(6, 0);
  for (let round = 0; round < 250; round += 1) {
    for (const member of [ana, later]) {
      const forged = await member.seal(0);
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 0x40;
      expect(await ben.open(0, forged, 1)).toBe("not_authentic");
    }
  }
  expect(await ben.open(0, await ana.seal(0), 1)).toBe("opened");
  expect(await ben.open(0, await later.seal(0), 1)).toBe("opened");
});

it("6: a great leap of the counter closes nothing, unless it is authentic", async () => {
  const [ana, ben] = await pair();
  const frame = await ana.seal(0);
  const leap = frame.slice();
  expect(leap[0]).toBe(0xa0);
  const forged = Uint8Array.of(0xa8 | 4, ...leap.slice(1, 4), 1, 0, 0, 0, 0, ...leap.slice(4));
  expect(await ben.open(0, forged, 0)).toBe("not_authentic");
  expect(await ben.open(0, frame, 0)).toBe("opened");
});

describe("raw keys", () => {
  it("are erased once they were taken", async () => {
    const keys = keysOf(5, 0);
    await importEpoch(keys);
    expect([...keys.baseKeys.values()].every((raw) => raw.every((byte) => byte === 0))).toBe(true);
  });

  it("of leaves that fit no KID are not taken", async () => {
    const { senders } = await importEpoch(keysOf(5, 1024, { leaves: [1023, 1024] }));
    expect([...senders.keys()]).toEqual([1023]);
    const ana = new Member(1024);
    await ana.install(5, 0, { leaves: [1023, 1024], cause: "joined" });
    await expect(ana.seal(0)).rejects.toThrow("no keys");
  });
});
