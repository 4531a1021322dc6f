/** Keyboard shortcuts. */

import type { Command } from "./controls";

const COMMANDS: Readonly<Record<string, Command>> = {
  m: "microphone",
  v: "camera",
  s: "screen",
  p: "people",
  c: "chat",
  d: "devices",
  "?": "help",
  L: "leave",
};

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
}

/** What a key means, unless it belongs to the browser or repeats; capital L is Shift+L. */
export function commandFor(press: KeyPress): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) {
    return null;
  }
  return COMMANDS[press.key] ?? null;
}

/** Whether keys go to what has the focus: somebody is typing, choosing or answering. */
export function isTaken(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, dialog") !== null;
}
