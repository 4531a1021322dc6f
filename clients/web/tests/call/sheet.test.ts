/** The server's report, as far as we understand it. */

import { expect, it } from "vitest";
import { parseSheet } from "../../src/call/sheet";

const LINE = {
  function: "video",
  verdict: "readable",
  evidence: { witness: { figures: "8 of 8" } },
};

it("has a line for each function that we know", () => {
  const functions = [LINE, { function: "chat", verdict: "none", evidence: {} }];
  expect(parseSheet({ witness: true, functions })).toEqual({
    witness: true,
    lines: [
      { name: "video", verdict: "readable", figures: "8 of 8" },
      { name: "chat", verdict: "none", figures: null },
    ],
  });
});

it.each([
  ["another function", { ...LINE, function: "smell" }],
  ["another verdict", { ...LINE, verdict: "perhaps" }],
  ["no line", null],
])("leaves out %s", (_, line) => {
  expect(parseSheet({ functions: [line] })).toEqual({ witness: false, lines: [] });
});

it.each([[null], ["text"], [{}], [{ functions: 7 }]])("%j is none", (value) => {
  expect(parseSheet(value)).toBeNull();
});
