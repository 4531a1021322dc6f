/** Consent to a recording: a sender's keys, sealed for whoever has the recording's key. */

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type Bytes, bigEndian, concat, utf8 } from "./bytes";
import { SealError } from "./sframe";

const INFO = "milkglass recording 1";
const KEY_BYTES = 32;

/** By their numbers in what is sealed. */
export const RECORDED_MODES = { "e2ee-passphrase": 1, "e2ee-mls": 2 } as const;

/** What opens the frames of one sender, in one epoch. */
export interface SenderKeys {
  readonly mode: keyof typeof RECORDED_MODES;
  readonly epoch: bigint;
  readonly ident: number;
  readonly context: Bytes;
  readonly baseKey: Bytes;
}

/** RFC 9180, base mode: the encapsulated key and the ciphertext. Throws SealError for no key. */
export async function sealKeys(
  sender: SenderKeys,
  publicKey: Bytes,
  recording: string,
): Promise<Bytes> {
  if (publicKey.length !== KEY_BYTES) {
    throw new SealError("the recording's key is none");
  }
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes128Gcm(),
  });
  const plain = concat(
    Uint8Array.of(RECORDED_MODES[sender.mode]),
    bigEndian(sender.epoch, 8),
    bigEndian(sender.ident, 4),
    sender.context,
    sender.baseKey,
  );
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
  const info = utf8(INFO + recording);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plain);
  plain.fill(0);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}
