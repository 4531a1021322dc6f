/** Whatever a host asks is answered: by a value, a refusal or a failure. */

import { describe, expect, it } from "vitest";
import { call, Handles, offer } from "../../src/headless/commands";
import { Refused } from "../../src/mls/refused";

offer({
  double: ({ number }: { number: number }) => 2 * number,
  later: async () => undefined,
  refuse: () => {
    throw new Refused("malformed", "no MLS message");
  },
  fail: () => JSON.parse("{"),
});

describe("a command", () => {
  it.each([
    ["double", '{"number":21}', { value: 42 }],
    ["later", "{}", { value: null }],
    ["refuse", "{}", { refused: "malformed", detail: "no MLS message" }],
    ["fail", "{}", { failed: expect.stringContaining("SyntaxError") }],
    ["double", "{", { failed: expect.stringContaining("SyntaxError") }],
    ["unknown", "{}", { failed: "there is no command unknown" }],
  ])("%s of %s is answered", async (name, parameters, answer) => {
    expect(await call(name, parameters)).toEqual(answer);
  });
});

it("does not take the name of another", () => {
  expect(() => offer({ double: () => 1 })).toThrow(/already/);
});

describe("handles", () => {
  it("are never given twice, and end with what they stand for", () => {
    const things = new Handles<string>();
    const [one, other] = [things.add("one"), things.add("other")];
    expect([things.get(one), things.get(other)]).toEqual(["one", "other"]);
    things.free(one);
    expect(() => things.get(one)).toThrow();
    expect(things.add("third")).not.toBe(one);
  });
});
