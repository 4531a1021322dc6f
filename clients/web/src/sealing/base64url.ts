/** Bytes as text that fits links and messages: base64url without padding (RFC 4648 section 5). */

import type { Bytes } from "./bytes";

export function encode(data: Bytes): string {
  const text = btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What `encode` wrote, or null for any other text, other forms included. */
export function decode(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    return null;
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const data = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return encode(data) === text ? data : null;
}
