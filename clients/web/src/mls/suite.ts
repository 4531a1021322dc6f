/**
 * MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (RFC 9420, section 17.1) for ts-mls.
 *
 * Needs `crypto.getRandomValues` of the world around it and nothing else, so that the same program
 * runs in browsers, in Node and in a bare V8.
 */

import { gcm } from "@noble/ciphers/aes.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { CiphersuiteImpl, Hash, Hpke, Kdf, PrivateKey, PublicKey, Signature } from "ts-mls";
import { verify } from "./ed25519";
import * as hpke from "./hpke";

const HASH_BYTES = 32;

const hash: Hash = {
  digest: async (data) => sha256(data),
  mac: async (key, data) => hmac(sha256, key, data),
  verifyMac: async (key, mac, data) => areEqual(mac, hmac(sha256, key, data)),
};

/** Takes as long wherever they differ. */
function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (const [at, byte] of other.entries()) {
    difference |= byte ^ (one[at] ?? 0);
  }
  return difference === 0;
}

const kdf: Kdf = {
  size: HASH_BYTES,
  extract: async (salt, key) => extract(sha256, key, salt),
  expand: async (secret, info, length) => expand(sha256, secret, info, length),
};

const signature: Signature = {
  sign: async (key, message) => ed25519.sign(message, key),
  verify: async (key, message, signed) => verify(key, message, signed),
  keygen: async () => {
    const { secretKey, publicKey } = ed25519.keygen();
    return { signKey: secretKey, publicKey };
  },
};

/** ts-mls names WebCrypto's keys; what it hands on between these functions are our bytes. */
const asPublic = (key: Uint8Array) => key as unknown as PublicKey;
const asPrivate = (key: Uint8Array) => key as unknown as PrivateKey;
const bytes = (key: PublicKey | PrivateKey) => key as unknown as Uint8Array;

const asKeys = ({ privateKey, publicKey }: hpke.KeyPair) => ({
  privateKey: asPrivate(privateKey),
  publicKey: asPublic(publicKey),
});

const encryption: Hpke = {
  keyLength: hpke.KEY_BYTES,
  nonceLength: hpke.NONCE_BYTES,
  seal: async (key, plain, info, associated) => hpke.seal(bytes(key), plain, info, associated),
  open: async (key, encapsulated, sealed, info, associated) =>
    hpke.open(bytes(key), encapsulated, sealed, info, associated),
  exportSecret: async (key, context, length, info) =>
    hpke.sendExport(bytes(key), context, length, info),
  importSecret: async (key, context, encapsulated, length, info) =>
    hpke.receiveExport(bytes(key), context, encapsulated, length, info),
  encryptAead: async (key, nonce, associated, plain) => gcm(key, nonce, associated).encrypt(plain),
  decryptAead: async (key, nonce, associated, sealed) =>
    gcm(key, nonce, associated).decrypt(sealed),
  deriveKeyPair: async (material) => asKeys(hpke.deriveKeyPair(material)),
  generateKeyPair: async () => asKeys(hpke.generateKeyPair()),
  importPrivateKey: async (key) => asPrivate(key),
  importPublicKey: async (key) => asPublic(key),
  exportPrivateKey: async (key) => bytes(key),
  exportPublicKey: async (key) => bytes(key),
};

export const suite: CiphersuiteImpl = {
  name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
  hash,
  kdf,
  signature,
  hpke: encryption,
  rng: { randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
};
