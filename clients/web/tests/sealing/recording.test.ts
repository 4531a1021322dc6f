/** Keys for a recording: what the page seals opens with the recording's key, as Python's does. */

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/data/vectors/recording-keys.json";
import { decode } from "../../src/sealing/base64url";
import { type Bytes, bigEndian, concat, utf8 } from "../../src/sealing/bytes";
import { sealKeys } from "../../src/sealing/recording";
import { hex, unhex } from "./hex";

const SENDER = {
  mode: "e2ee-passphrase",
  epoch: BigInt(vectors.epoch),
  ident: vectors.ident,
  context: unhex(vectors.context),
  baseKey: unhex(vectors.base_key),
} as const;

const PLAIN = concat(
  Uint8Array.of(1),
  bigEndian(SENDER.epoch, 8),
  bigEndian(SENDER.ident, 4),
  SENDER.context,
  SENDER.baseKey,
);

async function open(sealed: Bytes, recording: string): Promise<string> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes128Gcm(),
  });
  const recipientKey = await suite.kem.deserializePrivateKey(unhex(vectors.private_key));
  const [enc, ct] = [sealed.slice(0, 32), sealed.slice(32)];
  const info = utf8(`milkglass recording 1${recording}`);
  return hex(new Uint8Array(await suite.open({ recipientKey, enc, info }, ct)));
}

describe("keys for a recording", () => {
  it.each(Object.entries(vectors.sealed))("are the same as %s seals them", async (_, sealed) => {
    expect(await open(decode(sealed) as Bytes, vectors.recording)).toBe(hex(PLAIN));
  });

  it("open with the recording's key, and for this recording only", async () => {
    const sealed = await sealKeys(SENDER, unhex(vectors.public_key), vectors.recording);
    expect(await open(sealed, vectors.recording)).toBe(hex(PLAIN));
    await expect(open(sealed, "another")).rejects.toThrow();
  });

  it("are sealed for no key of another length", async () => {
    await expect(sealKeys(SENDER, new Uint8Array(31), "r")).rejects.toThrow("none");
  });
});
