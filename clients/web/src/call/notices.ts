/** What is worth telling a person about, as values; the page finds the words. */

import type { Identifier } from "../protocol/messages";
import type { Heard } from "./hearing";
import { people } from "./roster";
import { type CallState, findPublication, nameOf } from "./state";

export type Notice =
  | { readonly kind: "joined"; readonly name: string }
  | { readonly kind: "left"; readonly name: string }
  | { readonly kind: "timeout"; readonly name: string }
  | { readonly kind: "removed"; readonly name: string }
  /** Still in the room, but in the encrypted call no more. */
  | { readonly kind: "locked_out"; readonly name: string }
  | { readonly kind: "sharing"; readonly name: string }
  | { readonly kind: "mute_asked"; readonly by: string; readonly publication: Identifier }
  | { readonly kind: "chat"; readonly name: string; readonly text: string }
  | { readonly kind: "recording_started" }
  | { readonly kind: "recording_stopped" }
  | { readonly kind: "unopened_chat"; readonly name: string }
  | { readonly kind: "problem"; readonly code: string; readonly reason: string };

/** Refusals that mend themselves, or that only say that something has just ended. */
const SILENT: ReadonlySet<string> = new Set([
  "transport-lost",
  "transport-closed",
  "unknown-publication",
  "unknown-participant",
]);

/** What a message means to the person, given the state before and after it; mostly nothing. */
export function noticesOf(before: CallState, after: CallState, message: Heard): Notice[] {
  const notice = noticeOf(before, message);
  return [...(notice ? [notice] : []), ...noticesOfGroup(before, after)];
}

function noticeOf(before: CallState, message: Heard): Notice | null {
  switch (message.type) {
    case "participant_joined":
      // With a group, who is in it counts, and what they call themselves.
      return before.mode === "e2ee-mls" ? null : { kind: "joined", name: message.participant.name };
    case "participant_left": {
      const name = nameOf(before, message.participant);
      return before.participants.has(message.participant)
        ? { kind: departure(message.reason), name }
        : null;
    }
    case "publication_added": {
      const name = nameOf(before, message.participant);
      const isKnown = before.participants.has(message.participant);
      const foreign = message.participant !== before.self;
      const shared = message.publication.source === "screen";
      return foreign && shared && isKnown ? { kind: "sharing", name } : null;
    }
    case "mute_asked":
      return findPublication(before, message.publication)
        ? { kind: "mute_asked", by: message.by, publication: message.publication }
        : null;
    case "welcome":
      return message.recording && !before.recording ? { kind: "recording_started" } : null;
    case "recording_started":
    case "recording_stopped":
      return { kind: message.type };
    case "chat":
      return message.participant === before.self
        ? null
        : { kind: "chat", name: message.name, text: message.text };
    case "unopened_chat":
      return { kind: "unopened_chat", name: nameOf(before, message.participant) };
    case "problem":
      return SILENT.has(message.code)
        ? null
        : { kind: "problem", code: message.code, reason: message.reason };
    default:
      return null;
  }
}

/** Who came into the encrypted call, and who is out of it without having left the room. */
function noticesOfGroup(before: CallState, after: CallState): Notice[] {
  const [were, are] = [people(before), people(after)];
  if (were.length === 0 || are.length === 0) {
    return [];
  }
  const came = are.filter(isNotAmong(were));
  const lockedOut = were
    .filter(isNotAmong(are))
    .filter((one) => one.participants.some((id) => after.participants.has(id)));
  return [
    ...came.map(({ name }): Notice => ({ kind: "joined", name })),
    ...lockedOut.map(({ name }): Notice => ({ kind: "locked_out", name })),
  ];
}

function isNotAmong(all: readonly { readonly person: string }[]) {
  const known = new Set(all.map(({ person }) => person));
  return ({ person }: { readonly person: string }) => !known.has(person);
}

function departure(reason: string): "left" | "timeout" | "removed" {
  return reason === "timeout" || reason === "removed" ? reason : "left";
}
