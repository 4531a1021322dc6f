/** What the page knows follows from the messages alone. */

import { describe, expect, it } from "vitest";
import {
  type CallState,
  emptyState,
  findPublication,
  isSending,
  isTrusted,
  nameOf,
  others,
  ownPublications,
  receivable,
  reduce,
  withheld,
} from "../../src/call/state";
import type { ServerMessage } from "../../src/protocol/messages";
import { groupState, member, participant, publication, welcome } from "../people";

function stateAfter(...messages: ServerMessage[]): CallState {
  return messages.reduce(reduce, emptyState("garden", "hop"));
}

const layerOf = (id: string): ServerMessage => ({
  type: "layer_changed",
  publication: id,
  layer: "S1T2",
  wanted: "S2T2",
  height: 360,
  reason: "wish",
});

describe("a welcome", () => {
  it("says who we are and who is here", () => {
    const state = stateAfter(welcome({ moderator: true, speaker: "ada" }));
    expect(state).toMatchObject({ self: "me", moderator: true, speaker: "ada", mayPublish: true });
    expect(others(state).map(({ id }) => id)).toEqual(["ada"]);
  });

  it("forgets everybody who is not in it", () => {
    const state = stateAfter(welcome(), welcome({ participants: [participant("me")] }));
    expect(others(state)).toEqual([]);
  });

  it("keeps the layers only of a resumed call", () => {
    const resumed = stateAfter(welcome(), layerOf("c1"), welcome({ resumed: true }));
    const anew = stateAfter(welcome(), layerOf("c1"), welcome());
    expect(resumed.layers.get("c1")?.layer).toBe("S1T2");
    expect(anew.layers.size).toBe(0);
  });
});

describe("people", () => {
  it("come in order, drop out, and return", () => {
    const gone: ServerMessage = {
      type: "participant_updated",
      participant: "bob",
      connected: false,
      hello: null,
    };
    const state = stateAfter(
      welcome(),
      { type: "participant_joined", participant: participant("bob") },
      gone,
    );
    expect(others(state).map(({ id, connected }) => [id, connected])).toEqual([
      ["ada", true],
      ["bob", false],
    ]);
    const back = reduce(state, { ...gone, connected: true });
    expect(back.participants.get("bob")?.connected).toBe(true);
  });

  it("take their layers and the floor with them", () => {
    const state = stateAfter(welcome({ speaker: "ada" }), layerOf("c1"), {
      type: "participant_left",
      participant: "ada",
      reason: "left",
    });
    expect(others(state)).toEqual([]);
    expect(state.layers.size).toBe(0);
    expect(state.speaker).toBeNull();
  });

  it("who are not known change nothing", () => {
    const state = stateAfter(welcome());
    expect(reduce(state, { type: "participant_left", participant: "eve", reason: "left" })).toBe(
      state,
    );
    expect(
      reduce(state, {
        type: "participant_updated",
        participant: "eve",
        connected: true,
        hello: null,
      }),
    ).toBe(state);
  });
});

describe("publications", () => {
  const added: ServerMessage = {
    type: "publication_added",
    participant: "ada",
    publication: publication("m1", { kind: "audio", source: "microphone" }),
  };

  it("are added once, and updated in place", () => {
    const muted = publication("m1", { kind: "audio", source: "microphone", muted: true });
    const state = stateAfter(welcome(), added, added, {
      type: "publication_updated",
      participant: "ada",
      publication: muted,
    });
    expect(state.participants.get("ada")?.publications.map(({ id }) => id)).toEqual(["c1", "m1"]);
    expect(findPublication(state, "m1")?.publication).toEqual(muted);
  });

  it("are received when they are somebody else's", () => {
    const own: ServerMessage = {
      type: "publication_added",
      participant: "me",
      publication: publication("mine"),
    };
    const state = stateAfter(welcome(), own);
    expect(receivable(state).map((found) => found.publication.id)).toEqual(["c1"]);
    expect(ownPublications(state).map(({ id }) => id)).toEqual(["mine"]);
  });

  it("are not received without permission", () => {
    expect(receivable(stateAfter(welcome({ may_subscribe: false })))).toEqual([]);
  });

  it("end, and their layers with them", () => {
    const state = stateAfter(welcome(), layerOf("c1"), {
      type: "publication_removed",
      participant: "ada",
      publication: "c1",
    });
    expect(findPublication(state, "c1")).toBeNull();
    expect(state.layers.size).toBe(0);
  });

  it("count as sent only while they are not muted", () => {
    const sound = (muted: boolean) => publication("m", { kind: "audio", muted });
    expect(isSending(participant("ada", sound(false)), "audio")).toBe(true);
    expect(isSending(participant("ada", sound(true)), "audio")).toBe(false);
    expect(isSending(participant("ada", sound(false)), "video")).toBe(false);
  });
});

describe("with a group", () => {
  const [me, ada] = [member(0, "me"), member(1, "ada")];
  const said = { type: "chat", participant: "ada", name: "Ada", text: "Hi" } as const;

  it.each([
    ["in no leaf", groupState([me]), false],
    ["not judged yet", { ...groupState([me, ada]), verdicts: new Map() }, false],
    ["not who had their name", groupState([me, ada], { 1: "changed" }), false],
    ["new", groupState([me, ada], { 1: "new" }), true],
    ["verified", groupState([me, ada], { 1: "verified" }), true],
  ])("somebody who is %s", (_, state, trusted) => {
    expect(isTrusted(state, "ada")).toBe(trusted);
    expect(receivable(state)).toHaveLength(trusted ? 1 : 0);
    const heard = trusted ? said : { type: "unopened_chat", participant: "ada" };
    expect(withheld(state, said)).toEqual(heard);
  });

  it("is not met by what the server says", () => {
    const state = { ...groupState([me]), standings: new Map([["ada", "met" as const]]) };
    expect(isTrusted(state, "ada")).toBe(false);
  });

  it("is named by the leaf, and by the server only without one", () => {
    const named = member(1, "ada", { name: "Ada Lovelace" });
    expect(nameOf(groupState([me, named]), "ada")).toBe("Ada Lovelace");
    expect(nameOf(groupState([me]), "ada")).toBe("Name of ada");
    expect(nameOf(groupState([me]), "eve")).toBe("");
  });

  it("is not needed to hear people elsewhere", () => {
    expect(withheld(stateAfter(welcome()), said)).toBe(said);
    const own = { ...said, participant: "me" };
    expect(withheld(groupState([me]), own)).toBe(own);
  });
});

describe("the rest", () => {
  it("keeps the last lines of the chat, numbered", () => {
    const lines = Array.from({ length: 510 }, (_, index): ServerMessage => {
      return { type: "chat", participant: "ada", name: "Ada", text: `line ${index}` };
    });
    const { chat } = stateAfter(welcome(), ...lines);
    expect(chat).toHaveLength(500);
    expect(chat.at(-1)).toEqual({ number: 510, participant: "ada", name: "Ada", text: "line 509" });
  });

  it("follows the speaker", () => {
    const state = stateAfter(welcome(), { type: "speaker_changed", participant: "ada" });
    expect(state.speaker).toBe("ada");
  });

  it("is left alone by answers and problems", () => {
    const state = stateAfter(welcome());
    const problem: ServerMessage = {
      type: "problem",
      code: "no-codec",
      reason: "",
      id: 1,
      fatal: false,
    };
    expect(reduce(state, { type: "answer", id: 1, sdp: "", notes: [] })).toBe(state);
    expect(reduce(state, problem)).toBe(state);
  });
});
