/** Keys of the mode `e2ee-passphrase`: one secret that all in a room share, and the server lacks. */

import { SECRET_BYTES } from "../settings";
import { type Bytes, bigEndian, concat, utf8 } from "./bytes";
import { PASSPHRASE_KIDS, type Sender } from "./frames";
import { derive, deriveKey, importSecret, NONCE_BYTES, SealError } from "./sframe";

export const MAX_HELLO_BYTES = 512;

const ROOT_SALT = utf8("milkglass e2ee-passphrase v1");
const HELLO_VERSION = 1;

/** Version, sender and salt; the name follows. */
const HELLO_BYTES = 21;

/** Something was sealed under another secret than ours. */
export class WrongSecret extends SealError {}

/** What a participant says of themselves, under the room's secret. */
export interface Hello {
  readonly name: string;
  readonly sender: Sender;
  /** With the sender's number, what tells their keys from all others. */
  readonly salt: Bytes;
}

/** What follows from the secret of one room. */
export class RoomKeys {
  readonly context: Bytes;
  readonly #secret: CryptoKey;
  readonly #hello: CryptoKey;

  private constructor(secret: CryptoKey, context: Bytes, hello: CryptoKey) {
    this.#secret = secret;
    this.context = context;
    this.#hello = hello;
  }

  static async of(secret: Bytes, room: string): Promise<RoomKeys> {
    const root = await importSecret(secret);
    const context = await derive(root, ROOT_SALT, utf8(`context${room}`), 16);
    return new RoomKeys(root, context, await deriveKey(root, ROOT_SALT, utf8("hello")));
  }

  /** Draw a sender anew, for one join; and the hello that tells the others of it. */
  async introduce(name: string): Promise<{ sender: Sender; hello: Bytes; baseKey: Bytes }> {
    const [ident, salt] = [random(4), random(SECRET_BYTES)];
    const plain = concat(Uint8Array.of(HELLO_VERSION), ident, salt, utf8(name));
    const nonce = random(NONCE_BYTES);
    const sealed = await crypto.subtle.encrypt(this.#aead(nonce), this.#hello, plain);
    const sender = await this.#sender(new DataView(ident.buffer).getUint32(0), salt);
    const baseKey = await this.#baseKey(sender.ident, salt);
    return { sender, hello: concat(nonce, new Uint8Array(sealed)), baseKey };
  }

  /** Learn who somebody is; throws WrongSecret, or SealError for what makes no sense. */
  async meet(hello: Bytes): Promise<Hello> {
    if (hello.length > MAX_HELLO_BYTES || hello.length < NONCE_BYTES) {
      throw new SealError("the hello is too long, or cut off");
    }
    const plain = await this.#openHello(hello);
    if (plain.length < HELLO_BYTES || plain[0] !== HELLO_VERSION) {
      throw new SealError("the hello has another version");
    }
    const name = readText(plain.subarray(HELLO_BYTES));
    const ident = new DataView(plain.buffer).getUint32(1);
    const salt = plain.slice(5, HELLO_BYTES);
    return { name, sender: await this.#sender(ident, salt), salt };
  }

  async #openHello(hello: Bytes): Promise<Bytes> {
    const [nonce, sealed] = [hello.slice(0, NONCE_BYTES), hello.subarray(NONCE_BYTES)];
    try {
      const aead = this.#aead(nonce);
      return new Uint8Array(await crypto.subtle.decrypt(aead, this.#hello, sealed));
    } catch {
      throw new WrongSecret("this hello is under another secret");
    }
  }

  #aead(iv: Bytes): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: this.context, tagLength: 128 };
  }

  #baseKey(ident: number, salt: Bytes): Promise<Bytes> {
    const info = concat(utf8("sender"), salt, bigEndian(ident, 4));
    return derive(this.#secret, ROOT_SALT, info, 32);
  }

  async #sender(ident: number, salt: Bytes): Promise<Sender> {
    const bits = await this.#baseKey(ident, salt);
    const baseKey = await importSecret(bits);
    bits.fill(0);
    return { baseKey, kids: PASSPHRASE_KIDS, ident, context: this.context, epoch: 0n };
  }
}

function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** UTF-8 as text; throws SealError. */
export function readText(data: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new SealError("this is no text");
  }
}
