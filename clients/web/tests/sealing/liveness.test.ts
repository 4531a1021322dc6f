/** Media that is held back, or stands still, is noticed; clocks that differ are not. */

import { describe, expect, it } from "vitest";
import { Progressing, Punctuality } from "../../src/sealing/liveness";

const HOUR = 3_600_000;

describe("35: the delay of a stream", () => {
  /** What is said after frames that came so many milliseconds after their sealing. */
  function after(codec: string, skew: number, ...delays: number[]): number {
    const punctuality = new Punctuality();
    delays.forEach((delay, number) => {
      const sealedAt = 1_700_000_000_000 + number * 1000;
      const clock = sealedAt + skew;
      const time = codec === "opus" ? (Math.floor(clock / 100) & 0xff) * 100 : clock % 2 ** 32;
      punctuality.note(codec, time, sealedAt + delay);
    });
    return punctuality.delay;
  }

  const cases: [string, number[], number][] = [
    ["of frames as ever", [20, 30, 20], 0],
    ["of frames that are held back", [20, 20, 5020], 5000],
    ["is over when they are not any more", [20, 5020, 20], 0],
    ["of frames that were held back from the first", [5020, 20, 5020], 5000],
  ];
  describe.each(["VP9", "opus"])("%s", (codec) => {
    it.each(cases)("%s", (_, delays, expected) => {
      for (const skew of [0, HOUR, -HOUR, 12_345]) {
        expect(Math.abs(after(codec, skew, ...delays) - expected)).toBeLessThanOrEqual(100);
      }
    });
  });

  it("37: is seen over the end of the numbers", () => {
    const punctuality = new Punctuality();
    punctuality.note("VP9", 2 ** 32 - 10, 1000);
    punctuality.note("VP9", 10, 1020);
    expect(punctuality.delay).toBe(0);
    punctuality.note("VP9", 20, 5030);
    expect(punctuality.delay).toBe(4000);
  });
});

describe("34: a stream", () => {
  type Beacon = readonly [epoch: number, sealed: number, opened: number];
  const cases: [string, Beacon[], boolean][] = [
    ["of whom only one beacon came", [[1, 100, 0]], false],
    [
      "goes on",
      [
        [1, 100, 50],
        [1, 200, 90],
      ],
      false,
    ],
    [
      "stands still",
      [
        [1, 100, 50],
        [1, 200, 50],
      ],
      true,
    ],
    [
      "never began",
      [
        [1, 100, 0],
        [1, 200, 0],
      ],
      true,
    ],
    [
      "pauses at its sender",
      [
        [1, 100, 50],
        [1, 100, 50],
      ],
      false,
    ],
    [
      "goes on again",
      [
        [1, 100, 50],
        [1, 200, 50],
        [1, 300, 60],
      ],
      false,
    ],
    [
      "stands still in the next epoch",
      [
        [1, 100, 50],
        [2, 30, 50],
      ],
      true,
    ],
    [
      "pauses in the next epoch",
      [
        [1, 100, 50],
        [2, 0, 50],
      ],
      false,
    ],
  ];
  it.each(cases)("that %s", (_, beacons, expected) => {
    const progressing = new Progressing();
    for (const [epoch, sealed, opened] of beacons) {
      progressing.beacon(
        1,
        epoch,
        { "1.0": sealed, "0.0": 7 * sealed + opened, "15.0": 3 },
        opened,
      );
    }
    expect(progressing.isFrozen(beacons.at(-1)?.[2] ?? 0)).toBe(expected);
  });

  it("is not frozen any more with the first frame that opens", () => {
    const progressing = new Progressing();
    progressing.beacon(1, 1, { "1.0": 1 }, 5);
    progressing.beacon(1, 1, { "1.2": 9 }, 5);
    expect([progressing.isFrozen(5), progressing.isFrozen(6)]).toEqual([true, false]);
  });
});
