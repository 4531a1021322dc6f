/** People hear what concerns them, and nothing else. */

import { describe, expect, it } from "vitest";
import { noticesOf } from "../../src/call/notices";
import { emptyState, reduce } from "../../src/call/state";
import type { ServerMessage } from "../../src/protocol/messages";
import { groupState, member, participant, publication, welcome } from "../people";

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

describe("notices of a group", () => {
  const [me, ada, bob] = [member(0, "me"), member(1, "ada"), member(2, "bob")];
  const nothing: ServerMessage = { type: "speaker_changed", participant: null };

  it.each([
    ["nothing", [me], [me], []],
    ["our own coming", [], [me, ada], []],
    ["our own going", [me, ada], [], []],
    ["somebody in it", [me], [me, bob], [{ kind: "joined", name: "Name of bob" }]],
    ["a further device", [me, ada], [me, ada, member(2, "ada")], []],
    ["a return with another leaf", [me, ada], [me, member(5, "ada")], []],
    [
      "somebody who stays in the room without keys",
      [me, ada],
      [me],
      [{ kind: "locked_out", name: "Name of ada" }],
    ],
    ["somebody who has left the room", [me, bob], [me], []],
  ])("tell of %s", (_, were, are, notices) => {
    expect(noticesOf(groupState(were), groupState(are), nothing)).toEqual(notices);
  });

  it("do not tell of the room, but use its members' own names", () => {
    const inside = groupState([me, member(1, "ada", { name: "Ada" })]);
    const came: ServerMessage = { type: "participant_joined", participant: participant("eve") };
    const went: ServerMessage = { type: "participant_left", participant: "ada", reason: "left" };
    expect(noticesOf(inside, inside, came)).toEqual([]);
    expect(noticesOf(inside, inside, went)).toEqual([{ kind: "left", name: "Ada" }]);
  });
});
