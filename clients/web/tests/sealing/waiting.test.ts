/** Few frames wait, for a moment, and in order. */

import { expect, it } from "vitest";
import { Waiting } from "../../src/sealing/waiting";

it("gives back what it holds in order, once", () => {
  const waiting = new Waiting<string>();
  for (const frame of ["a", "b", "c"]) {
    expect(waiting.hold(frame, 0)).toBe(true);
  }
  expect([waiting.take(), waiting.take()]).toEqual([["a", "b", "c"], []]);
});

it("holds 64 frames and no more", () => {
  const waiting = new Waiting<number>();
  const held = Array.from({ length: 70 }, (_, number) => waiting.hold(number, 0));
  expect(held.filter(Boolean)).toHaveLength(64);
  expect(waiting.take()).toHaveLength(64);
});

it("forgets after a second, and says so", () => {
  const waiting = new Waiting<string>();
  waiting.hold("a", 0);
  waiting.hold("b", 500);
  expect([waiting.expire(999), waiting.expire(1000), waiting.expire(1000)]).toEqual([0, 1, 0]);
  expect(waiting.take()).toEqual(["b"]);
});
