/** People and tracks for tests. */

import { type CallState, emptyState, reduce } from "../src/call/state";
import type { Verdict } from "../src/identity/trust";
import type { GroupMember } from "../src/mls/types";
import type { Participant, Publication, Welcome } from "../src/protocol/messages";

export function publication(id: string, changes: Partial<Publication> = {}): Publication {
  return { id, kind: "video", source: "camera", codec: null, muted: false, layers: [], ...changes };
}

export function participant(id: string, ...publications: Publication[]): Participant {
  return {
    id,
    name: `Name of ${id}`,
    moderator: false,
    connected: true,
    hello: null,
    publications,
  };
}

export function welcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    participant: "me",
    room: "garden",
    mode: "hop",
    resume: "secret",
    resumed: false,
    may_publish: true,
    may_subscribe: true,
    moderator: false,
    participants: [participant("me"), participant("ada", publication("c1"))],
    speaker: null,
    group: null,
    recording: null,
    witness: false,
    ...changes,
  };
}

/** A leaf of a group; the person's key is their letter, 43 times. */
export function member(
  leaf: number,
  letter: string,
  changes: Partial<GroupMember> = {},
): GroupMember {
  return {
    leaf,
    participant: letter,
    person: letter.repeat(43),
    device: `${leaf}`.repeat(43),
    name: `Name of ${letter}`,
    isSelf: leaf === 0,
    isSilent: false,
    ...changes,
  };
}

/** The state of a call with a group of these members in it. */
export function groupState(
  members: readonly GroupMember[],
  verdicts: Readonly<Record<number, Verdict>> = {},
  changes: Partial<CallState> = {},
): CallState {
  const told = new Map(members.map(({ leaf }) => [leaf, verdicts[leaf] ?? "known"] as const));
  return {
    ...reduce(emptyState("garden", "e2ee-mls"), welcome({ mode: "e2ee-mls" })),
    group: "g".repeat(43),
    members,
    verdicts: told,
    ...changes,
  };
}
