/** Hexadecimal, as in files of vectors. */

import type { Bytes } from "../../src/sealing/bytes";

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function hex(data: Bytes): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
