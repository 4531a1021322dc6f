/** Ed25519 keys for tests. */

import type { DeviceKeys } from "../../src/identity/device";
import type { Bytes } from "../../src/sealing/bytes";

export interface Keys {
  readonly public: Bytes;
  readonly private: CryptoKey;
}

export async function makeKeys(): Promise<Keys> {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const { publicKey, privateKey } = pair as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return { public: raw, private: privateKey };
}

export async function makeDevice(): Promise<DeviceKeys> {
  const keys = await makeKeys();
  const endorsement = new Uint8Array(64);
  return { person: keys.public, device: keys.public, endorsement, key: keys.private };
}
