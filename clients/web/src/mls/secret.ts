/** What follows from a room's secret, and what follows from it and a group in each epoch. */

import { gcm } from "@noble/ciphers/aes.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, bigEndian, concat, utf8 } from "../sealing/bytes";
import type { Group } from "./group";
import { Refused } from "./refused";
import { own } from "./wire";

const BUCKET_BYTES = 256;
const NONCE_BYTES = 12;
const LENGTH_BYTES = 2;

/** docs/mls.md, "Who may be a member". */
export class RoomSecret {
  /** 16 bytes that no other room has. */
  readonly context: Bytes;
  readonly #invite: Bytes;
  readonly #salt: Bytes;

  constructor(secret: Bytes, room: string) {
    const root = extract(sha256, secret, utf8("milkglass e2ee-mls v1"));
    this.context = derive(root, concat(utf8("context"), utf8(room)), 16);
    this.#invite = derive(root, utf8("invite"), 32);
    this.#salt = derive(root, utf8("media"), 32);
  }

  /** What nobody makes who was not invited. */
  invite(claim: Bytes): Bytes {
    return own(hmac(sha256, this.#invite, claim));
  }

  /** docs/mls.md, "Keys of an epoch". */
  async epochOf(group: Group): Promise<EpochSecret> {
    const secret = await group.export("milkglass media 1", this.context, 32);
    const root = own(extract(sha256, secret, this.#salt));
    secret.fill(0);
    return new EpochSecret(root, group);
  }
}

export class EpochSecret {
  readonly epoch: number;
  readonly #dataKey: Bytes;
  #baseKeys: ReadonlyMap<number, Bytes>;

  constructor(root: Bytes, group: Group) {
    this.epoch = group.epoch;
    this.#baseKeys = new Map(
      group.leaves.map(({ leaf }) => [
        leaf,
        derive(root, concat(utf8("sender"), bigEndian(leaf, 4)), 32),
      ]),
    );
    this.#dataKey = derive(root, utf8("data"), 16);
    root.fill(0);
  }

  /** By leaf. Whoever takes them has them alone, and erases them. */
  takeBaseKeys(): ReadonlyMap<number, Bytes> {
    const keys = this.#baseKeys;
    this.#baseKeys = new Map();
    return keys;
  }

  /** What a member says, for the inside of a PrivateMessage. */
  seal(leaf: number, data: Bytes): Bytes {
    const plain = new Uint8Array(
      Math.ceil((LENGTH_BYTES + data.length) / BUCKET_BYTES) * BUCKET_BYTES,
    );
    plain.set(concat(bigEndian(data.length, LENGTH_BYTES), data));
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    return concat(nonce, own(gcm(this.#dataKey, nonce, this.#aad(leaf)).encrypt(plain)));
  }

  /** Throws Refused. */
  open(leaf: number, sealed: Bytes): Bytes {
    let plain: Uint8Array;
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      plain = gcm(this.#dataKey, nonce, this.#aad(leaf)).decrypt(sealed.subarray(NONCE_BYTES));
    } catch {
      throw new Refused("not_authentic", "not under this room's secret");
    }
    const end = LENGTH_BYTES + ((plain[0] ?? 0) << 8) + (plain[1] ?? 0);
    return own(plain.subarray(LENGTH_BYTES, end));
  }

  #aad(leaf: number): Bytes {
    return concat(utf8("milkglass message 1"), bigEndian(this.epoch, 8), bigEndian(leaf, 4));
  }
}

/** What tells the frames of one group from those of another. */
export function mediaContext(groupId: Bytes): Bytes {
  return own(sha256(groupId).subarray(0, 16));
}

function derive(root: Uint8Array, info: Bytes, length: number): Bytes {
  return own(expand(sha256, root, info, length));
}
