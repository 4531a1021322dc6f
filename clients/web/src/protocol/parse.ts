/** Turns the text of a WebSocket message into a typed server message, or into nothing. */

import type { ServerMessage } from "./messages";

const TYPES: ReadonlySet<string> = new Set<ServerMessage["type"]>([
  "welcome",
  "participant_joined",
  "participant_updated",
  "participant_left",
  "publication_added",
  "publication_updated",
  "publication_removed",
  "answer",
  "layer_changed",
  "speaker_changed",
  "chat",
  "sealed_chat",
  "recording_started",
  "recording_stopped",
  "mute_asked",
  "removed",
  "problem",
]);

/** The message, or null for anything that is not one; unknown types come from newer servers. */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isServerMessage(value) ? value : null;
}

function isServerMessage(value: unknown): value is ServerMessage {
  if (typeof value !== "object" || value === null || !("type" in value)) {
    return false;
  }
  return typeof value.type === "string" && TYPES.has(value.type);
}
