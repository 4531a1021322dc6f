/** A recording in the state of a call: from the welcome, and as it begins and ends. */

import { expect, test } from "vitest";
import { noticesOf } from "../../src/call/notices";
import { emptyState, reduce } from "../../src/call/state";
import type { Recording } from "../../src/protocol/messages";
import { parseServerMessage } from "../../src/protocol/parse";
import { welcome } from "../people";

const RECORDING: Recording = { id: "r1", public_key: null, by: "Mo" };

test("whoever comes later sees and hears of it", () => {
  const message = welcome({ recording: RECORDING });
  const before = emptyState("garden", "hop");
  expect(reduce(before, message).recording).toEqual(RECORDING);
  const after = reduce(before, message);
  expect(noticesOf(before, after, message)).toEqual([{ kind: "recording_started" }]);
});

test("a return says it no second time", () => {
  const message = welcome({ recording: RECORDING, resumed: true });
  const before = reduce(emptyState("garden", "hop"), message);
  expect(noticesOf(before, reduce(before, message), message)).toEqual([]);
});

test("it begins and ends with what the server sends", () => {
  const begun = parseServerMessage(
    JSON.stringify({ type: "recording_started", recording: RECORDING }),
  );
  const over = parseServerMessage(
    JSON.stringify({ type: "recording_stopped", recording: "r1", reason: "stopped" }),
  );
  if (!begun || !over) {
    throw new Error("these messages are known");
  }
  const before = reduce(emptyState("garden", "hop"), welcome());
  const during = reduce(before, begun);
  expect(during.recording).toEqual(RECORDING);
  expect(noticesOf(before, during, begun)).toEqual([{ kind: "recording_started" }]);
  const after = reduce(during, over);
  expect(after.recording).toBeNull();
  expect(noticesOf(during, after, over)).toEqual([{ kind: "recording_stopped" }]);
});
