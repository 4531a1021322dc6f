/** What members say: written and read alike; what a hostile member may send instead is refused. */

import { describe, expect, it } from "vitest";
import { Refused } from "../../src/mls/refused";
import { type Numbered, readSaid, writeSaid } from "../../src/mls/speech";
import { utf8 } from "../../src/sealing/bytes";

const BEACON = {
  kind: "beacon",
  number: 2,
  time: 1_700_000_000_000,
  transcript: "abc",
  counters: { "1.0": 17, "15.0": 1 },
  final: { epoch: 3, counters: { "1.2": 99 } },
} as const;

const SAID: readonly Numbered[] = [
  { kind: "chat", number: 1, text: "Grüße" },
  BEACON,
  { ...BEACON, final: null },
];

describe("what members say", () => {
  it.each(SAID)("is read as it was written: $kind", (said) => {
    expect(readSaid(writeSaid(said))).toEqual(said);
  });

  it.each([
    "",
    "null",
    "[]",
    "{",
    '{"kind":"chat","text":"no number"}',
    '{"kind":"chat","number":-1,"text":"x"}',
    '{"kind":"chat","number":1.5,"text":"x"}',
    '{"kind":"chat","number":1,"text":7}',
    `{"kind":"chat","number":1,"text":"${"x".repeat(4001)}"}`,
    '{"kind":"dance","number":1}',
    JSON.stringify({ ...BEACON, counters: { "__proto__.0": 1 } }),
    JSON.stringify({ ...BEACON, counters: { "1.0": -1 } }),
    JSON.stringify({ ...BEACON, counters: [] }),
    JSON.stringify({ ...BEACON, final: { epoch: 1 } }),
    JSON.stringify({ ...BEACON, time: "now" }),
  ])("is refused if it is %s", (text) => {
    expect(() => readSaid(utf8(text))).toThrow(Refused);
  });

  it("is refused if it is no text", () => {
    expect(() => readSaid(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(Refused);
  });
});
