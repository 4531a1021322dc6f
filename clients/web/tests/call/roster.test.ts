/** Who is in an encrypted call follows from its tree, whatever the server shows. */

import { describe, expect, it } from "vitest";
import { lockState, outsiders, people, suspects } from "../../src/call/roster";
import { type CallState, emptyState } from "../../src/call/state";
import type { Verdict } from "../../src/identity/trust";
import type { Alarm } from "../../src/mls/types";
import { groupState, member, participant } from "../people";

const ME = member(0, "me");
const ADA = member(1, "ada");

describe("the people of a group", () => {
  it("are one each, ourselves first, then in the order of the tree", () => {
    const all = people(groupState([member(3, "bob"), ADA, ME]));
    expect(all.map(({ name }) => name)).toEqual(["Name of me", "Name of bob", "Name of ada"]);
  });

  it("may have several devices, under several names", () => {
    const phone = member(2, "ada", { participant: "phone", name: "Ada on the road" });
    const [, ada] = people(groupState([ME, ADA, phone]));
    expect(ada).toMatchObject({
      name: "Name of ada, Ada on the road",
      devices: 2,
      participants: ["ada", "phone"],
    });
  });

  it("have one device that returns, though it has two leaves meanwhile", () => {
    const again = member(2, "ada", { device: ADA.device, participant: null });
    const [, ada] = people(groupState([ME, ADA, again]));
    expect(ada).toMatchObject({ devices: 1, participants: ["ada"] });
  });

  it("are silent when all of their devices are", () => {
    const silent = member(2, "ada", { isSilent: true });
    expect(people(groupState([ME, ADA, silent]))[1]?.isSilent).toBe(false);
    expect(people(groupState([ME, silent]))[1]?.isSilent).toBe(true);
  });

  it.each<[Verdict, Verdict, Verdict]>([
    ["verified", "verified", "verified"],
    ["verified", "known", "known"],
    ["new", "known", "new"],
    ["verified", "changed", "changed"],
  ])("with a device %s and one %s are %s", (one, other, whole) => {
    const state = groupState([ME, ADA, member(2, "ada")], { 1: one, 2: other });
    expect(people(state)[1]?.verdict).toBe(whole);
  });

  it("are changed before anybody has judged", () => {
    const state = { ...groupState([ME, ADA]), verdicts: new Map() };
    expect(suspects(state).map(({ name }) => name)).toContain("Name of ada");
  });

  it("have names that do not turn the text around", () => {
    const turning = member(1, "ada", { name: "\u202eadA" });
    const nameless = member(2, "bob", { name: "\u2028" });
    const names = people(groupState([ME, turning, nameless])).map(({ name }) => name);
    expect(names).toEqual(["Name of me", "adA", "?"]);
  });

  it("may be people whom the server does not show", () => {
    const ghost = member(1, "ada", { participant: null });
    expect(people(groupState([ME, ghost]))[1]?.participants).toEqual([]);
  });
});

describe("outsiders", () => {
  it("are in the room and in no leaf, and never ourselves", () => {
    const participants = new Map(["me", "ada", "eve"].map((id) => [id, participant(id)]));
    expect(outsiders(groupState([ME, ADA], {}, { participants }))).toEqual(["eve"]);
    expect(outsiders(groupState([], {}, { participants }))).toEqual(["ada", "eve"]);
  });
});

describe("the lock", () => {
  const alarms = (...all: Alarm[]): Partial<CallState> => ({ alarms: new Set(all) });

  it.each<[string, CallState, string]>([
    ["of a call in clear", emptyState("garden", "hop"), "off"],
    ["under a shared secret", emptyState("garden", "e2ee-passphrase"), "shared"],
    ["of a group that one is not in yet", groupState([]), "unverified"],
    ["of a group that one is alone in", groupState([ME], { 0: "verified" }), "unverified"],
    ["among people met before", groupState([ME, ADA]), "unverified"],
    [
      "when one of two is verified",
      groupState([ME, ADA, member(2, "bob")], { 1: "verified" }),
      "unverified",
    ],
    ["when everybody is verified", groupState([ME, ADA], { 1: "verified" }), "verified"],
    ["when the group is split", groupState([ME, ADA], { 1: "verified" }, alarms("split")), "alarm"],
    ["when the group is stalled", groupState([ME, ADA], {}, alarms("stalled")), "alarm"],
    ["when nobody lets us in", groupState([], {}, alarms("unadmitted")), "unverified"],
  ])("%s", (_, state, lock) => {
    expect(lockState(state)).toBe(lock);
  });
});
