/** The server's report, as far as we understand it. */

import { expect, it } from "vitest";
import { parseSheet } from "../../src/call/sheet";

const LINE = {
  function: "video",
  verdict: "readable",
  since: 1000,
  evidence: {
    bytes: 7,
    depth: "media",
    witness: { readable: 3, opaque: 0, undecided: 1, figures: "8 of 8" },
  },
};

it("has a line for each function that we know", () => {
  const functions = [LINE, { function: "chat", verdict: "none", since: null, evidence: {} }];
  const sheet = parseSheet({ witness: true, written: 5, functions });
  expect([sheet?.witness, sheet?.written]).toEqual([true, 5]);
  expect(sheet?.lines).toEqual([
    {
      name: "video",
      verdict: "readable",
      since: 1000,
      tries: { readable: 3, opaque: 0, undecided: 1 },
      lines: 0,
      figures: "8 of 8",
      evidence: [
        ["bytes", "7"],
        ["depth", "media"],
        ["readable", "3"],
        ["opaque", "0"],
        ["undecided", "1"],
        ["figures", "8 of 8"],
      ],
    },
    {
      name: "chat",
      verdict: "none",
      since: null,
      tries: { readable: 0, opaque: 0, undecided: 0 },
      lines: 0,
      figures: null,
      evidence: [],
    },
  ]);
});

it.each([
  ["another function", { ...LINE, function: "smell" }],
  ["another verdict", { ...LINE, verdict: "perhaps" }],
  ["no line", null],
])("leaves out %s", (_, line) => {
  expect(parseSheet({ functions: [line] })?.lines).toEqual([]);
});

it.each([[-1], [1e300], ["now"], [null]])("%j is no time that a calendar has", (time) => {
  const sheet = parseSheet({ written: time, functions: [{ ...LINE, since: time }] });
  expect([sheet?.written, sheet?.lines[0]?.since]).toEqual([0, null]);
});

it.each([[null], ["text"], [{}], [{ functions: 7 }]])("%j is none", (value) => {
  expect(parseSheet(value)).toBeNull();
});

const STREAM = {
  participant: "ada",
  publication: "c1",
  function: "audio",
  bytes: 9,
  depth: "header",
};

it.each([
  [undefined, null],
  [null, null],
  ["loud", null],
  [{}, { kind: null, speaking: null, keyFrames: 0, changes: 0 }],
  [
    { kind: "audio", speaking: true, key_frames: 0, changes: 0 },
    { kind: "audio", speaking: true, keyFrames: 0, changes: 0 },
  ],
  [
    { kind: "smell", speaking: "yes", key_frames: "many", changes: 2 },
    { kind: null, speaking: null, keyFrames: 0, changes: 2 },
  ],
])("of a stream of which %j is inferred it knows %j", (inferred, known) => {
  const sheet = parseSheet({ functions: [], streams: [{ ...STREAM, inferred }, 7, {}] });
  expect(sheet?.streams.map((stream) => stream.inferred)).toEqual([known]);
});
