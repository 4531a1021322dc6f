/** HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */

import { gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** Of X25519, 32 bytes each. */
export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** What sender and receiver have in common for one message: the key schedule's output. */
interface Context {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly exporterSecret: Uint8Array;
}

export const KEY_BYTES = 16;
export const NONCE_BYTES = 12;

const HASH_BYTES = 32;
const NONE = new Uint8Array();
const VERSION = utf8ToBytes("HPKE-v1");

/** Sections 7.1, 7.2 and 7.3: the numbers of X25519, SHA-256 and AES-128-GCM. */
const [KEM, KDF, AEAD] = [0x0020, 0x0001, 0x0001];
const KEM_SUITE = concatBytes(utf8ToBytes("KEM"), twoBytes(KEM));
const HPKE_SUITE = concatBytes(utf8ToBytes("HPKE"), twoBytes(KEM), twoBytes(KDF), twoBytes(AEAD));

/** RFC 7748 section 5: what is left of the bits of a private key. */
const CLAMP = (1n << 254n) - 8n;

const MODE_BASE = Uint8Array.of(0);

/** I2OSP(n, 2). */
function twoBytes(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff);
}

/** Section 4, LabeledExtract. */
function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, key: Uint8Array) {
  return extract(sha256, concatBytes(VERSION, suite, utf8ToBytes(label), key), salt);
}

/** Section 4, LabeledExpand. */
function labeledExpand(
  suite: Uint8Array,
  secret: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = concatBytes(twoBytes(length), VERSION, suite, utf8ToBytes(label), info);
  return expand(sha256, secret, labeled, length);
}

/** Section 4.1, ExtractAndExpand. */
function sharedSecret(exchanged: Uint8Array, encapsulated: Uint8Array, receiver: Uint8Array) {
  const secret = labeledExtract(KEM_SUITE, NONE, "eae_prk", exchanged);
  const context = concatBytes(encapsulated, receiver);
  return labeledExpand(KEM_SUITE, secret, "shared_secret", context, HASH_BYTES);
}

/** Section 5.1, KeySchedule in mode_base: no pre-shared key. */
function schedule(shared: Uint8Array, info: Uint8Array): Context {
  const context = concatBytes(
    MODE_BASE,
    labeledExtract(HPKE_SUITE, NONE, "psk_id_hash", NONE),
    labeledExtract(HPKE_SUITE, NONE, "info_hash", info),
  );
  const secret = labeledExtract(HPKE_SUITE, shared, "secret", NONE);
  return {
    key: labeledExpand(HPKE_SUITE, secret, "key", context, KEY_BYTES),
    nonce: labeledExpand(HPKE_SUITE, secret, "base_nonce", context, NONCE_BYTES),
    exporterSecret: labeledExpand(HPKE_SUITE, secret, "exp", context, HASH_BYTES),
  };
}

/**
 * X25519 (RFC 7748) with the base point, four times as fast as by its ladder: on Ed25519's form of
 * the curve there is a table of multiples. u = (1 + y) / (1 - y) (section 4.1).
 */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const { Fn, Fp, BASE } = ed25519.Point;
  const number = BigInt(`0x${bytesToHex(privateKey.toReversed())}`);
  const scalar = Fn.create((number & CLAMP) | (1n << 254n));
  const { Y, Z } = BASE.multiply(scalar);
  return Fp.toBytes(Fp.div(Fp.add(Z, Y), Fp.sub(Z, Y)));
}

/** Section 5.1.1, SetupBaseS; throws for a public key of small order (section 7.1.4). */
function setupSender(receiver: Uint8Array, info: Uint8Array) {
  const ephemeral = generateKeyPair();
  const exchanged = x25519.getSharedSecret(ephemeral.privateKey, receiver);
  const shared = sharedSecret(exchanged, ephemeral.publicKey, receiver);
  return { enc: ephemeral.publicKey, context: schedule(shared, info) };
}

/** Section 5.1.1, SetupBaseR. */
function setupReceiver(privateKey: Uint8Array, encapsulated: Uint8Array, info: Uint8Array) {
  const exchanged = x25519.getSharedSecret(privateKey, encapsulated);
  const receiver = publicKeyOf(privateKey);
  return schedule(sharedSecret(exchanged, encapsulated, receiver), info);
}

/** Section 7.1.3, DeriveKeyPair. */
export function deriveKeyPair(keyingMaterial: Uint8Array): KeyPair {
  const secret = labeledExtract(KEM_SUITE, NONE, "dkp_prk", keyingMaterial);
  const privateKey = labeledExpand(KEM_SUITE, secret, "sk", NONE, HASH_BYTES);
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

export function generateKeyPair(): KeyPair {
  return deriveKeyPair(crypto.getRandomValues(new Uint8Array(HASH_BYTES)));
}

/** Section 6.1, SealBase. */
export function seal(
  receiver: Uint8Array,
  plain: Uint8Array,
  info: Uint8Array,
  associated: Uint8Array = NONE,
): { enc: Uint8Array; ct: Uint8Array } {
  const { enc, context } = setupSender(receiver, info);
  return { enc, ct: gcm(context.key, context.nonce, associated).encrypt(plain) };
}

/** Section 6.1, OpenBase; throws if the message is not authentic. */
export function open(
  privateKey: Uint8Array,
  encapsulated: Uint8Array,
  sealed: Uint8Array,
  info: Uint8Array,
  associated: Uint8Array = NONE,
): Uint8Array {
  const context = setupReceiver(privateKey, encapsulated, info);
  return gcm(context.key, context.nonce, associated).decrypt(sealed);
}

/** Section 6.2, SendExportBase. */
export function sendExport(
  receiver: Uint8Array,
  exporterContext: Uint8Array,
  length: number,
  info: Uint8Array,
): { enc: Uint8Array; secret: Uint8Array } {
  const { enc, context } = setupSender(receiver, info);
  return { enc, secret: exported(context, exporterContext, length) };
}

/** Section 6.2, ReceiveExportBase. */
export function receiveExport(
  privateKey: Uint8Array,
  exporterContext: Uint8Array,
  encapsulated: Uint8Array,
  length: number,
  info: Uint8Array,
): Uint8Array {
  return exported(setupReceiver(privateKey, encapsulated, info), exporterContext, length);
}

/** Section 5.3, Context.Export. */
function exported(context: Context, exporterContext: Uint8Array, length: number): Uint8Array {
  return labeledExpand(HPKE_SUITE, context.exporterSecret, "sec", exporterContext, length);
}
