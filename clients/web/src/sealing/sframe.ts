/** SFrame (RFC 9605) with AES_128_GCM_SHA256_128: headers, key derivation, and sealing. */

import { type Bytes, bigEndian, concat, utf8 } from "./bytes";

/** A frame or a message that cannot be opened; the reason is for counting, not for people. */
export class SealError extends Error {}

/** The bytes are no SFrame ciphertext. */
export class NotSFrame extends SealError {}

/** The tag does not fit: another key, other associated data, or changed bytes. */
export class NotAuthentic extends SealError {}

export const NONCE_BYTES = 12;

const SUITE = 0x0004;
const KEY_BITS = 128;

/** KIDs and counters below this fit the first byte (section 4.3). */
const SHORT = 8n;

export interface Header {
  readonly kid: bigint;
  readonly counter: bigint;
  /** Of the header, in bytes. */
  readonly length: number;
}

/** Write the shortest header (section 4.3); both numbers are below 2⁶⁴. */
export function writeHeader(kid: bigint, counter: bigint): Bytes {
  const [first, second] = [field(kid), field(counter)];
  return concat(Uint8Array.of((first.nibble << 4) | second.nibble), first.bytes, second.bytes);
}

function field(number: bigint): { nibble: number; bytes: Bytes } {
  if (number < SHORT) {
    return { nibble: Number(number), bytes: new Uint8Array() };
  }
  const length = Math.ceil(number.toString(16).length / 2);
  return { nibble: 0x8 | (length - 1), bytes: bigEndian(number, length) };
}

/** Read a header; throws NotSFrame, also for one that is not the shortest: one frame, one form. */
export function readHeader(data: Bytes): Header {
  const [first] = data;
  if (first === undefined) {
    throw new NotSFrame("no header");
  }
  const kid = readField(data, first >> 4, 1);
  const counter = readField(data, first & 0xf, kid.end);
  const written = writeHeader(kid.number, counter.number);
  if (written.length !== counter.end || !written.every((byte, at) => data[at] === byte)) {
    throw new NotSFrame("header is cut off or not in its shortest form");
  }
  return { kid: kid.number, counter: counter.number, length: counter.end };
}

function readField(data: Bytes, nibble: number, start: number): { number: bigint; end: number } {
  if ((nibble & 0x8) === 0) {
    return { number: BigInt(nibble), end: start };
  }
  const end = start + (nibble & 0x7) + 1;
  let number = 0n;
  for (const byte of data.subarray(start, end)) {
    number = (number << 8n) | BigInt(byte);
  }
  return { number, end };
}

/** A secret from which keys follow, and which nobody can read back. */
export function importSecret(secret: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey", "deriveBits"]);
}

/** HKDF (RFC 5869) with SHA-256: extract with a salt, then expand. */
export async function derive(
  secret: CryptoKey,
  salt: Bytes,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  const hkdf = { name: "HKDF", hash: "SHA-256", salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, secret, length * 8));
}

/** The same for an AES-GCM key, which nobody can read back either. */
export function deriveKey(secret: CryptoKey, salt: Bytes, info: Bytes): Promise<CryptoKey> {
  const hkdf = { name: "HKDF", hash: "SHA-256", salt, info };
  const aes = { name: "AES-GCM", length: KEY_BITS };
  return crypto.subtle.deriveKey(hkdf, secret, aes, false, ["encrypt", "decrypt"]);
}

/** The key and salt of one KID (section 4.4.2); whoever seals keeps the counter. */
export class SFrameKey {
  readonly kid: bigint;
  readonly #key: CryptoKey;
  readonly #salt: Bytes;

  private constructor(kid: bigint, key: CryptoKey, salt: Bytes) {
    this.kid = kid;
    this.#key = key;
    this.#salt = salt;
  }

  static async of(baseKey: CryptoKey, kid: bigint): Promise<SFrameKey> {
    const label = concat(bigEndian(kid, 8), bigEndian(SUITE, 2));
    const none = new Uint8Array();
    const [key, salt] = await Promise.all([
      deriveKey(baseKey, none, concat(utf8("SFrame 1.0 Secret key "), label)),
      derive(baseKey, none, concat(utf8("SFrame 1.0 Secret salt "), label), NONCE_BYTES),
    ]);
    return new SFrameKey(kid, key, salt);
  }

  /** Encrypt (section 4.4.3); a counter must never be used twice. */
  async seal(counter: number, metadata: Bytes, plaintext: Bytes): Promise<Bytes> {
    const header = writeHeader(this.kid, BigInt(counter));
    const aead = this.#aead(counter, header, metadata);
    const sealed = await crypto.subtle.encrypt(aead, this.#key, plaintext);
    return concat(header, new Uint8Array(sealed));
  }

  /** Decrypt what follows a header that was read (section 4.4.4); throws NotAuthentic. */
  async open(counter: number, header: Bytes, metadata: Bytes, ciphertext: Bytes): Promise<Bytes> {
    try {
      const aead = this.#aead(counter, header, metadata);
      return new Uint8Array(await crypto.subtle.decrypt(aead, this.#key, ciphertext));
    } catch {
      throw new NotAuthentic();
    }
  }

  #aead(counter: number, header: Bytes, metadata: Bytes): AesGcmParams {
    const iv = this.#salt.slice();
    const view = new DataView(iv.buffer);
    view.setBigUint64(4, view.getBigUint64(4) ^ BigInt(counter));
    return { name: "AES-GCM", iv, additionalData: concat(header, metadata), tagLength: 128 };
  }
}
