/** What a group needs to be done, and when it is whose turn to do it. */

import type { Candidate, Roster } from "./roster";

/** Work that comes together is done together. */
export const GATHER_MS = 100;

/** Between two commits of a member: in a storm each is work for everybody, and waits for more. */
export const PACE_MS = 500;

/** What one waits for each of those whose turn comes before. */
export const TURN_MS = 400;

/** In one commit: the Welcome that goes with it has to fit a message. */
const MOST_ADDED = 50;

export interface Work {
  readonly add: readonly Candidate[];
  readonly remove: readonly number[];
}

/** The leaves of a group by leaf key, with their numbers. */
export type Leaves = ReadonlyMap<string, number>;

/** Add who is in the room and in no leaf; remove the leaves of who is not. `bad` hellos are left. */
export function findWork(
  roster: Roster,
  leaves: Leaves,
  ownLeaf: number,
  bad: ReadonlySet<string>,
): Work {
  const candidates = roster.candidates();
  const waiting = [...candidates.values()].filter(
    ({ leafKey, hello, participant }) =>
      !leaves.has(leafKey) && !bad.has(hello) && roster.isConnected(participant),
  );
  const gone = [...leaves].filter(([key, leaf]) => !candidates.has(key) && leaf !== ownLeaf);
  return { add: waiting.slice(0, MOST_ADDED), remove: gone.map(([, leaf]) => leaf) };
}

export function isNothing({ add, remove }: Work): boolean {
  return add.length === 0 && remove.length === 0;
}

/** How many come before us: the lowest leaves of those who are there. */
export function turnOf(roster: Roster, leaves: Leaves, ownLeaf: number): number {
  const candidates = roster.candidates();
  const before = [...leaves].filter(([key, leaf]) => {
    const participant = candidates.get(key)?.participant;
    return leaf < ownLeaf && participant !== undefined && roster.isConnected(participant);
  });
  return before.length;
}
