/** Keys do what the overview says, and leave the browser's own alone. */

import { expect, it } from "vitest";
import { commandFor } from "../../src/ui/keys";

const plain = { ctrlKey: false, metaKey: false, altKey: false, repeat: false };

it.each([
  ["m", "microphone"],
  ["v", "camera"],
  ["s", "screen"],
  ["c", "chat"],
  ["p", "people"],
  ["d", "devices"],
  ["?", "help"],
  ["L", "leave"],
  ["l", null],
  ["x", null],
])("%s is %s", (key, command) => {
  expect(commandFor({ ...plain, key })).toBe(command);
});

it.each(["ctrlKey", "metaKey", "altKey", "repeat"])("with %s it is nothing of ours", (modifier) => {
  expect(commandFor({ ...plain, key: "s", [modifier]: true })).toBeNull();
});
