/** What is not a message of ours is nothing. */

import { expect, it } from "vitest";
import { parseServerMessage } from "../../src/protocol/parse";

it("reads a message", () => {
  const message = { type: "speaker_changed", participant: "ada" };
  expect(parseServerMessage(JSON.stringify(message))).toEqual(message);
});

it.each(["", "{", "null", "3", '"welcome"', "[]", "{}", '{"type":1}', '{"type":"toString"}'])(
  "ignores %j",
  (text) => {
    expect(parseServerMessage(text)).toBeNull();
  },
);
