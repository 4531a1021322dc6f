/** What is worth telling a person about, as values; the page finds the words. */

import type { Identifier } from "../protocol/messages";
import type { Heard } from "./hearing";
import { type CallState, findPublication } from "./state";

export type Notice =
  | { readonly kind: "joined"; readonly name: string }
  | { readonly kind: "left"; readonly name: string }
  | { readonly kind: "timeout"; readonly name: string }
  | { readonly kind: "removed"; readonly name: string }
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

/** What a message means to the person, given the state before it; null for most messages. */
export function noticeOf(before: CallState, message: Heard): Notice | null {
  switch (message.type) {
    case "participant_joined":
      return { kind: "joined", name: message.participant.name };
    case "participant_left": {
      const name = before.participants.get(message.participant)?.name;
      return name === undefined ? null : { kind: departure(message.reason), name };
    }
    case "publication_added": {
      const name = before.participants.get(message.participant)?.name;
      const foreign = message.participant !== before.self;
      const shared = message.publication.source === "screen";
      return foreign && shared && name !== undefined ? { kind: "sharing", name } : null;
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
    case "unopened_chat": {
      const name = before.participants.get(message.participant)?.name;
      return { kind: "unopened_chat", name: name ?? "" };
    }
    case "problem":
      return SILENT.has(message.code)
        ? null
        : { kind: "problem", code: message.code, reason: message.reason };
    default:
      return null;
  }
}

function departure(reason: string): "left" | "timeout" | "removed" {
  return reason === "timeout" || reason === "removed" ? reason : "left";
}
