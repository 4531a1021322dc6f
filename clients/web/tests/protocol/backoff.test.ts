/** Tries become rarer, but never rare, and a crowd spreads. */

import { expect, it } from "vitest";
import { reconnectDelay } from "../../src/protocol/backoff";

it("starts with 0.2 s, doubles, and stays at 2 s", () => {
  const delays = [0, 1, 2, 3, 4, 5, 1000].map((attempt) => reconnectDelay(attempt, 0.5));
  expect(delays).toEqual([200, 400, 800, 1600, 2000, 2000, 2000]);
});

it("spreads by a fifth in both directions", () => {
  expect(reconnectDelay(3, 0)).toBe(1280);
  expect(reconnectDelay(3, 1)).toBe(1920);
});
