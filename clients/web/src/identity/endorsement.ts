/** How a person's first device vouches for further ones, as texts that people carry from one to the other. */

import { decode, encode } from "../sealing/base64url";
import { type Bytes, concat, utf8 } from "../sealing/bytes";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PURPOSE = utf8("milkglass person 1");

/** The key of a person, and its signature of a device. */
export interface Endorsement {
  readonly person: Bytes;
  readonly signature: Bytes;
}

/** The code of a device, 43 characters. */
export function deviceCode(device: Bytes): string {
  return encode(device);
}

/** The device with this code, blanks around it aside; null if there can be none. */
export function readDeviceCode(text: string): Bytes | null {
  const device = decode(text.trim());
  return device?.length === KEY_BYTES ? device : null;
}

/** What the first device of a person says of another one, 128 characters. */
export async function endorse(key: CryptoKey, person: Bytes, device: Bytes): Promise<string> {
  const signature = await crypto.subtle.sign("Ed25519", key, concat(PURPOSE, device));
  return encode(concat(person, new Uint8Array(signature)));
}

/** What `endorse` said of this device; null for any other text. */
export async function readEndorsement(text: string, device: Bytes): Promise<Endorsement | null> {
  const data = decode(text.trim());
  if (data?.length !== KEY_BYTES + SIGNATURE_BYTES) {
    return null;
  }
  const [person, signature] = [data.slice(0, KEY_BYTES), data.slice(KEY_BYTES)];
  return (await holds(person, signature, device)) ? { person, signature } : null;
}

async function holds(person: Bytes, signature: Bytes, device: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", person, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, concat(PURPOSE, device));
  } catch {
    // Not every 32 bytes are a key.
    return false;
  }
}
