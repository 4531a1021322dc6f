/** Key packages (RFC 9420 section 10): what others add us with. */

import {
  type CiphersuiteImpl,
  generateKeyPackageWithKey,
  type KeyPackage,
  type PrivateKeyPackage,
} from "ts-mls";
import type { Bytes } from "../sealing/bytes";
import { Refused } from "./refused";
import { decode, describe, encode, own } from "./wire";

/** A key package of our own, to be added with once. */
export interface OwnPackage {
  /** As an MLSMessage. */
  readonly bytes: Bytes;
  readonly leafKey: Bytes;
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/** What a key package says of itself; nothing of it is checked yet. */
export interface ReadPackage {
  readonly leafKey: Bytes;
  readonly identity: Bytes;
  readonly keyPackage: KeyPackage;
}

const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";

const CAPABILITIES = {
  versions: ["mls10" as const],
  ciphersuites: [SUITE as typeof SUITE],
  extensions: [],
  proposals: [],
  credentials: ["basic" as const],
};

/** Clocks differ, and a key package is used within seconds. */
const LIFETIME = { notBefore: 0n, notAfter: 1n << 40n };

export async function makePackage(
  suite: CiphersuiteImpl,
  identityFor: (leafKey: Bytes) => Promise<Bytes>,
): Promise<OwnPackage> {
  const pair = await suite.signature.keygen();
  const leafKey = own(pair.publicKey);
  const credential = { credentialType: "basic" as const, identity: await identityFor(leafKey) };
  const made = await generateKeyPackageWithKey(credential, CAPABILITIES, LIFETIME, [], pair, suite);
  const bytes = encode({ wireformat: "mls_key_package", keyPackage: made.publicPackage });
  return { bytes, leafKey, ...made };
}

/** Throws Refused. */
export function readPackage(bytes: Bytes): ReadPackage {
  const message = decode(bytes);
  if (message.wireformat !== "mls_key_package") {
    throw new Refused("malformed", "no key package");
  }
  const { keyPackage } = message;
  return { keyPackage, ...describe(keyPackage.leafNode) };
}
