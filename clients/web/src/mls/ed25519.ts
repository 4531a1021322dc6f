/** Ed25519 signatures (RFC 8032): each that held is looked at once, whoever shows it again. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * Remembered, of those that held: in a group of fifty each member meets some 250 when they join,
 * and the same ones with every Welcome, in every tree.
 */
const MOST_KNOWN = 4096;

/** SHA-256 of key, signature and message, the oldest first. */
const known = new Set<string>();

/** Without the leniency of ZIP 215 that noble would allow. What is no key is false, too. */
export function verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) {
    return false;
  }
  const name = nameOf(key, message, signature);
  if (known.has(name)) {
    return true;
  }
  const holds = holdsUp(key, message, signature);
  if (holds) {
    remember(name);
  }
  return holds;
}

function holdsUp(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false; // no point of the curve
  }
}

function nameOf(key: Uint8Array, message: Uint8Array, signature: Uint8Array): string {
  const digest = sha256.create().update(key).update(signature).update(message).digest();
  return String.fromCharCode(...digest);
}

function remember(name: string): void {
  known.add(name);
  const [oldest] = known;
  if (known.size > MOST_KNOWN && oldest !== undefined) {
    known.delete(oldest);
  }
}
