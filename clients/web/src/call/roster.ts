/** Who is in an encrypted call, person by person: from the tree of its group, which no server writes. */

import type { Verdict } from "../identity/trust";
import type { GroupMember } from "../mls/types";
import type { Identifier } from "../protocol/messages";
import { tidyName } from "../settings";
import { type CallState, others, verdictOf } from "./state";

/** One person with all their devices. */
export interface Person {
  readonly person: string;
  readonly name: string;
  readonly members: readonly GroupMember[];
  /** How many; one that has just returned may have two leaves for a moment. */
  readonly devices: number;
  /** Those of them that the server shows in the room. */
  readonly participants: readonly Identifier[];
  readonly isSelf: boolean;
  /** Nothing authentic is heard of any of their devices. */
  readonly isSilent: boolean;
  /** The worst that any of their names deserves. */
  readonly verdict: Verdict;
}

const BY_CARE: readonly Verdict[] = ["changed", "new", "known", "verified"];

/** Everybody in the group, ourselves first, then in the order of the tree. */
export function people(state: CallState): Person[] {
  const keys = new Set(state.members.map(({ person }) => person));
  const all = [...keys].map((key) =>
    personOf(
      state,
      state.members.filter(({ person }) => person === key),
    ),
  );
  return all.toSorted((one, other) => Number(other.isSelf) - Number(one.isSelf));
}

/** Who is in the room, but in no leaf: they see and hear nothing. */
export function outsiders(state: CallState): Identifier[] {
  const inside = new Set(state.members.map(({ participant }) => participant));
  return others(state)
    .map(({ id }) => id)
    .filter((id) => !inside.has(id));
}

/** Those whom somebody has to decide about before they are played. */
export function suspects(state: CallState): Person[] {
  return people(state).filter(({ verdict }) => verdict === "changed");
}

export type LockState = "off" | "shared" | "unverified" | "verified" | "alarm";

/** What makes a call unreliable; that nobody lets us in does not. */
export function dangers({ alarms }: CallState): ("split" | "stalled")[] {
  return (["split", "stalled"] as const).filter((danger) => alarms.has(danger));
}

/** What the lock of a call says. */
export function lockState(state: CallState): LockState {
  if (state.mode !== "e2ee-mls") {
    return state.mode === "hop" ? "off" : "shared";
  }
  if (dangers(state).length > 0) {
    return "alarm";
  }
  const rest = people(state).filter(({ isSelf }) => !isSelf);
  const areVerified = rest.length > 0 && rest.every(({ verdict }) => verdict === "verified");
  return areVerified ? "verified" : "unverified";
}

function personOf(state: CallState, members: readonly GroupMember[]): Person {
  const names = new Set(members.map(({ name }) => tidyName(name) || "?"));
  const verdicts = new Set(members.map((member) => verdictOf(state, member)));
  return {
    person: members[0]?.person ?? "",
    name: [...names].join(", "),
    members,
    devices: new Set(members.map(({ device }) => device)).size,
    participants: members.flatMap(({ participant }) => participant ?? []),
    isSelf: members.some(({ isSelf }) => isSelf),
    isSilent: members.every(({ isSilent }) => isSilent),
    verdict: BY_CARE.find((verdict) => verdicts.has(verdict)) ?? "changed",
  };
}
