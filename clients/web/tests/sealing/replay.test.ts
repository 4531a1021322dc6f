/** The window takes each counter once, and forgets none. */

import { describe, expect, it } from "vitest";
import { ReplayWindow, WINDOW } from "../../src/sealing/replay";
import { dice } from "./senders";

describe("a replay window", () => {
  it("takes what an unbounded memory would, within its width", () => {
    const [roll, window, seen] = [dice(3711), new ReplayWindow(), new Set<number>()];
    let highest = -1;
    for (let round = 0; round < 20_000; round += 1) {
      const counter = Math.max(0, highest + roll(2 * WINDOW) - Math.floor(1.5 * WINDOW));
      const fresh = !seen.has(counter) && highest - counter < WINDOW;
      expect(window.isFresh(counter)).toBe(fresh);
      if (fresh && roll(3) > 0) {
        window.accept(counter);
        seen.add(counter);
        highest = Math.max(highest, counter);
      }
    }
    expect(seen.size).toBeGreaterThan(1000);
  });

  it("bears leaps", () => {
    const window = new ReplayWindow();
    window.accept(0);
    window.accept(2 ** 32);
    expect([0, 2 ** 32, 2 ** 32 - 1].map((counter) => window.isFresh(counter))).toEqual([
      false,
      false,
      true,
    ]);
  });
});
