/** What the server's report comes to, for somebody who has one second. */

import type { Mode } from "../protocol/messages";
import type { Sheet, SheetLine, Tries } from "./sheet";

/**
 * It watches, and shows what it saw; it could; it sees noise only; it is promised to see nothing;
 * it sees what this page seals; nothing has passed; it tells nothing.
 */
export type EyeState = "watches" | "could" | "sealed" | "promised" | "alarm" | "quiet" | "unknown";

const MEDIA: ReadonlySet<string> = new Set(["audio", "video", "screen"]);
/** Beside media, what a seal covers. */
const WORDS: ReadonlySet<string> = new Set(["chat", "recording"]);

/** The mode is the one that this page insists on, not what the server calls the room. */
export function eyeState(sheet: Sheet | null, mode: Mode): EyeState {
  if (sheet === null) {
    return "unknown";
  }
  const media = sheet.lines.filter(({ name }) => MEDIA.has(name));
  const readable = media.filter(({ verdict }) => verdict === "readable");
  if (mode !== "hop" && (readable.length > 0 || sheet.lines.some(isReadableWord))) {
    return "alarm";
  }
  if (readable.length > 0) {
    return readable.some(({ tries }) => tries.readable > 0) ? "watches" : "could";
  }
  const opaque = media.filter(({ verdict }) => verdict === "opaque");
  if (opaque.length === 0) {
    return "quiet";
  }
  return opaque.some(({ tries }) => tries.opaque > 0) ? "sealed" : "promised";
}

function isReadableWord({ name, verdict }: SheetLine): boolean {
  return WORDS.has(name) && verdict === "readable";
}

/** How often it was tried, whatever came of it. */
export function sum({ readable, opaque, undecided }: Tries): number {
  return readable + opaque + undecided;
}
