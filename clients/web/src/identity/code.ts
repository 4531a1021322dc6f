/** The call code: digits that two people share if they are in the same group with the same devices. */

import { type Bytes, concat, utf8 } from "../sealing/bytes";

const SALT = utf8("milkglass call code 1");
const ROUNDS = 100_000;
const GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP_DIGITS = 5;

/** Six times five digits; `devices` are the keys of all devices in the group, in any order. */
export async function callCode(devices: readonly Bytes[], group: Bytes): Promise<string[]> {
  const password = await crypto.subtle.importKey("raw", joined(devices), "PBKDF2", false, [
    "deriveBits",
  ]);
  const salt = concat(SALT, group);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  const bits = await crypto.subtle.deriveBits(parameters, password, 8 * GROUPS * GROUP_BYTES);
  const data = new Uint8Array(bits);
  return Array.from({ length: GROUPS }, (_, index) =>
    digits(data.subarray(index * GROUP_BYTES, (index + 1) * GROUP_BYTES)),
  );
}

function digits(bytes: Bytes): string {
  // 40 bits: a double holds them exactly.
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % 10 ** GROUP_DIGITS).padStart(GROUP_DIGITS, "0");
}

/** Each device once, in the order of their bytes. */
function joined(devices: readonly Bytes[]): Bytes {
  const sorted = devices.toSorted(compare);
  return concat(...sorted.filter((device, at) => at === 0 || compare(device, sorted[at - 1])));
}

function compare(one: Bytes, other: Bytes | undefined): number {
  const at = one.findIndex((byte, index) => byte !== other?.[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other?.[at] ?? 0);
}
