/** The server hears of each change once, and of nothing else. */

import { expect, it } from "vitest";
import { Mutes } from "../../src/call/mutes";
import { publication } from "../people";

it("tells what the server does not know", () => {
  const told: [string, boolean][] = [];
  const mutes = new Mutes((id, muted) => told.push([id, muted]));
  const own = [publication("camera")];
  mutes.tell(own, () => true);
  expect(told).toEqual([]);
  mutes.tell(own, () => false);
  mutes.tell(own, () => false);
  expect(told).toEqual([["camera", true]]);
  mutes.tell(own, () => true);
  expect(told).toEqual([
    ["camera", true],
    ["camera", false],
  ]);
});

it("believes the server again after a reconnection", () => {
  const told: boolean[] = [];
  const mutes = new Mutes((_, muted) => told.push(muted));
  mutes.tell([publication("camera")], () => false);
  mutes.forget();
  mutes.tell([publication("camera", { muted: true })], () => false);
  expect(told).toEqual([true]);
  mutes.forget();
  mutes.tell([publication("camera")], () => false);
  expect(told).toEqual([true, true]);
});
