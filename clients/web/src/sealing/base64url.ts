/** Bytes as text that fits links and messages: base64url without padding (RFC 4648 section 5). */

import type { Bytes } from "./bytes";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** What each character code stands for; -1 for those that stand for nothing. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
);

export function encode(data: Bytes): string {
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const [first = 0, second = 0, third = 0] = [data[at], data[at + 1], data[at + 2]];
    text += ALPHABET.charAt(first >> 2) + ALPHABET.charAt(((first & 3) << 4) | (second >> 4));
    text += ALPHABET.charAt(((second & 15) << 2) | (third >> 6)) + ALPHABET.charAt(third & 63);
  }
  return text.slice(0, Math.ceil((data.length * 4) / 3));
}

/** What `encode` wrote, or null for any other text, other forms included. */
export function decode(text: string): Bytes | null {
  const data = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, length] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const value = VALUES[text.charCodeAt(at)] ?? -1;
    if (value < 0) {
      return null;
    }
    bits = (bits << 6) | value;
    if (at % 4 !== 0) {
      data[length] = bits >> (6 - 2 * (at % 4));
      length += 1;
    }
  }
  return encode(data) === text ? data : null;
}
