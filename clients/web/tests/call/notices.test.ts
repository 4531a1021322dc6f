/** People hear what concerns them, and nothing else. */

import { describe, expect, it } from "vitest";
import { noticesOf } from "../../src/call/notices";
import { emptyState, reduce } from "../../src/call/state";
import type { ServerMessage } from "../../src/protocol/messages";
import { participant, publication, welcome } from "../people";

const before = reduce(emptyState("garden", "hop"), welcome());

const problem = (code: string): ServerMessage => ({
  type: "problem",
  code,
  reason: "Because.",
  id: null,
  fatal: false,
});

describe("a notice", () => {
  it.each<[string, ServerMessage, unknown]>([
    [
      "of an arrival",
      { type: "participant_joined", participant: participant("bob") },
      { kind: "joined", name: "Name of bob" },
    ],
    [
      "of a departure",
      { type: "participant_left", participant: "ada", reason: "left" },
      { kind: "left", name: "Name of ada" },
    ],
    [
      "of a lost connection",
      { type: "participant_left", participant: "ada", reason: "timeout" },
      { kind: "timeout", name: "Name of ada" },
    ],
    [
      "of a stranger's departure",
      { type: "participant_left", participant: "x", reason: "left" },
      null,
    ],
    [
      "of a shared screen",
      {
        type: "publication_added",
        participant: "ada",
        publication: publication("s", { source: "screen" }),
      },
      { kind: "sharing", name: "Name of ada" },
    ],
    [
      "of a camera",
      { type: "publication_added", participant: "ada", publication: publication("c2") },
      null,
    ],
    [
      "of one's own screen",
      {
        type: "publication_added",
        participant: "me",
        publication: publication("s", { source: "screen" }),
      },
      null,
    ],
    [
      "of chat",
      { type: "chat", participant: "ada", name: "Ada", text: "Hi" },
      { kind: "chat", name: "Ada", text: "Hi" },
    ],
    ["of one's own chat", { type: "chat", participant: "me", name: "Me", text: "Hi" }, null],
    [
      "of a wish to mute",
      { type: "mute_asked", publication: "c1", by: "Eve" },
      { kind: "mute_asked", by: "Eve", publication: "c1" },
    ],
    ["of a wish to mute nothing", { type: "mute_asked", publication: "x", by: "Eve" }, null],
    [
      "of a problem",
      problem("no-media"),
      { kind: "problem", code: "no-media", reason: "Because." },
    ],
    ["of a race that mends itself", problem("unknown-publication"), null],
    ["of a lost transport", problem("transport-lost"), null],
    ["of a speaker", { type: "speaker_changed", participant: "ada" }, null],
  ])("%s", (_, message, notice) => {
    const after = reduce(before, message);
    expect(noticesOf(before, after, message)).toEqual(notice === null ? [] : [notice]);
  });
});
