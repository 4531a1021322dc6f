/** The identity in a leaf's credential: which person's device it is, and that it was invited. */

import { type Bytes, concat, utf8 } from "../sealing/bytes";
import { verify } from "./ed25519";
import type { RoomSecret } from "./secret";
import type { Device } from "./types";
import { own } from "./wire";

export interface Identity {
  /** Ed25519 public keys, 32 bytes. */
  readonly person: Bytes;
  readonly device: Bytes;
  readonly name: string;
}

const VERSION = 1;
const MAX_NAME_BYTES = 256;

/** Where the parts of version 1 end: version, person, device, endorsement, signature, invite. */
const [PERSON, DEVICE, ENDORSEMENT, SIGNATURE, INVITE] = [33, 65, 129, 193, 225] as const;

/** The identity of one's own next leaf. */
export async function writeIdentity(
  room: RoomSecret,
  leafKey: Bytes,
  device: Device,
  name: string,
): Promise<Bytes> {
  const claim = claimOf(room, leafKey, device.person, device.device, utf8(name));
  const signature = await device.sign(claim);
  return concat(
    Uint8Array.of(VERSION),
    device.person,
    device.device,
    device.endorsement,
    signature,
    room.invite(concat(claim, signature)),
    utf8(name),
  );
}

/** Null unless all proofs hold for a leaf with this key in this room. */
export function readIdentity(room: RoomSecret, bytes: Bytes, leafKey: Bytes): Identity | null {
  const name = bytes.slice(INVITE);
  if (bytes.length <= INVITE || bytes[0] !== VERSION || name.length > MAX_NAME_BYTES) {
    return null;
  }
  const person = bytes.slice(1, PERSON);
  const device = bytes.slice(PERSON, DEVICE);
  const endorsement = bytes.slice(DEVICE, ENDORSEMENT);
  const signature = bytes.slice(ENDORSEMENT, SIGNATURE);
  const claim = claimOf(room, leafKey, person, device, name);
  const holds =
    isSame(room.invite(concat(claim, signature)), bytes.slice(SIGNATURE, INVITE)) &&
    verify(device, claim, signature) &&
    isEndorsed(endorsement, person, device);
  const text = readText(name);
  return holds && text !== null ? { person, device, name: text } : null;
}

/** What the first device of a person signs for another one. */
export function endorsementClaim(device: Bytes): Bytes {
  return concat(utf8("milkglass person 1"), device);
}

function claimOf(
  room: RoomSecret,
  leafKey: Bytes,
  person: Bytes,
  device: Bytes,
  name: Bytes,
): Bytes {
  return concat(utf8("milkglass device 1"), room.context, leafKey, person, device, name);
}

function isEndorsed(endorsement: Bytes, person: Bytes, device: Bytes): boolean {
  if (isSame(person, device)) {
    return endorsement.every((byte) => byte === 0);
  }
  return verify(person, endorsementClaim(device), endorsement);
}

/** Without telling by its time where they differ. */
function isSame(a: Bytes, b: Bytes): boolean {
  let difference = a.length ^ b.length;
  for (const [at, byte] of a.entries()) {
    difference |= byte ^ (b[at] ?? 0);
  }
  return difference === 0;
}

/** What may be shown as a name; null for anything else. */
function readText(bytes: Bytes): string | null {
  try {
    const text = own(bytes);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return null;
  }
}
