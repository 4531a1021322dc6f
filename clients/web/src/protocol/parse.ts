/** Turns the text of a WebSocket message into a typed server message, or into nothing. */

import type { ServerMessage } from "./messages";

/** As an object, so that the compiler misses whatever is missing. */
const TYPES: Readonly<Record<ServerMessage["type"], true>> = {
  welcome: true,
  participant_joined: true,
  participant_updated: true,
  participant_left: true,
  publication_added: true,
  publication_updated: true,
  publication_removed: true,
  answer: true,
  layer_changed: true,
  speaker_changed: true,
  chat: true,
  sealed_chat: true,
  group_started: true,
  commit_accepted: true,
  group_welcome: true,
  group_message: true,
  group_ended: true,
  recording_started: true,
  recording_stopped: true,
  mute_asked: true,
  removed: true,
  problem: true,
};

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
  return typeof value.type === "string" && Object.hasOwn(TYPES, value.type);
}
