/** One glance: what the report comes to, whatever the server calls the room. */

import { expect, it } from "vitest";
import { type EyeState, eyeState } from "../../src/call/eye";
import { parseSheet } from "../../src/call/sheet";
import type { Mode } from "../../src/protocol/messages";

function line(name: string, verdict: string, witness?: object) {
  return { function: name, verdict, evidence: witness ? { witness } : {} };
}

const SAW = line("video", "readable", { readable: 1 });
const NOISE = line("video", "opaque", { opaque: 3 });
const NOTHING = [line("audio", "none"), line("roster", "readable"), line("chat", "none")];

it.each<[Mode, EyeState, object[]]>([
  ["hop", "quiet", NOTHING],
  ["hop", "watches", [...NOTHING, SAW]],
  ["hop", "could", [line("audio", "readable"), line("video", "readable", { undecided: 1 })]],
  ["hop", "could", [line("audio", "readable")]],
  ["hop", "sealed", [NOISE]],
  ["hop", "watches", [NOISE, line("audio", "readable", { readable: 2 })]],
  ["e2ee-mls", "quiet", NOTHING],
  ["e2ee-mls", "sealed", [...NOTHING, NOISE]],
  ["e2ee-passphrase", "promised", [line("audio", "opaque")]],
  ["e2ee-mls", "alarm", [NOISE, line("audio", "readable", { readable: 1 })]],
  ["e2ee-passphrase", "alarm", [line("audio", "readable")]],
  ["e2ee-mls", "alarm", [NOISE, line("chat", "readable")]],
  ["e2ee-mls", "alarm", [NOISE, line("recording", "readable")]],
])("in %s it is %s", (mode, state, functions) => {
  expect(eyeState(parseSheet({ mode: "hop", functions }), mode)).toBe(state);
});

it("says so when there is no report", () => {
  expect(eyeState(null, "hop")).toBe("unknown");
});
