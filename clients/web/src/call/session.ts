/** What a reloaded page needs to return to its call: written as the page goes, taken as it comes. */

import type { Identifier } from "../protocol/messages";

const KEY = "milkglass.return";

/** A tab that a browser restores later must not switch the camera on by itself. */
const VALID_MS = 60_000;

export interface Return {
  readonly room: string;
  readonly name: string;
  readonly secret: string;
  readonly camera: boolean;
  readonly microphone: boolean;
  readonly cameraId: Identifier;
  readonly microphoneId: Identifier;
  /** When the page went, in milliseconds since 1970. */
  readonly at: number;
}

export function saveReturn(storage: Storage, value: Return): void {
  storage.setItem(KEY, JSON.stringify(value));
}

/**
 * The way back into this room, if there is one. It is taken out, so that a duplicated tab, which
 * gets a copy of the storage, does not push the first one out of the call.
 */
export function takeReturn(storage: Storage, room: string, now: number): Return | null {
  const text = storage.getItem(KEY);
  storage.removeItem(KEY);
  if (text === null) {
    return null;
  }
  const value = JSON.parse(text) as Return;
  return value.room === room && now - value.at < VALID_MS ? value : null;
}
