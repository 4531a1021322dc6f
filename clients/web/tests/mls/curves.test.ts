import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import { verify } from "../../src/mls/ed25519";
import { publicKeyOf } from "../../src/mls/hpke";
import { utf8 } from "../../src/sealing/bytes";

const { secretKey, publicKey } = ed25519.keygen();
const MESSAGE = utf8("what was signed");
const SIGNED = ed25519.sign(MESSAGE, secretKey);

/** The same but for one bit, counted from the front. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

describe("a signature", () => {
  it("holds, as often as it is shown", () => {
    expect([1, 2, 3].map(() => verify(publicKey, MESSAGE, SIGNED))).toEqual([true, true, true]);
  });

  it("that held once makes no other hold, however near", () => {
    expect(verify(publicKey, MESSAGE, SIGNED)).toBe(true);
    for (const bit of [0, 7, 100, 255]) {
      expect(verify(flipped(publicKey, bit), MESSAGE, SIGNED)).toBe(false);
      expect(verify(publicKey, MESSAGE, flipped(SIGNED, bit))).toBe(false);
      expect(verify(publicKey, MESSAGE, flipped(SIGNED, 256 + bit))).toBe(false);
    }
    expect(verify(publicKey, flipped(MESSAGE, 3), SIGNED)).toBe(false);
    expect(verify(publicKey, MESSAGE.slice(1), SIGNED)).toBe(false);
    expect(verify(SIGNED.slice(0, 32), MESSAGE, SIGNED)).toBe(false);
  });

  it("that was refused is refused again", () => {
    const wrong = flipped(SIGNED, 9);
    expect([1, 2].map(() => verify(publicKey, MESSAGE, wrong))).toEqual([false, false]);
  });
});

describe("a public key of X25519", () => {
  const keys: Uint8Array[] = [new Uint8Array(32), new Uint8Array(32).fill(255)];
  keys.push(...Array.from({ length: 20 }, () => x25519.utils.randomSecretKey()));

  it.each(keys)("is the same by the table as by the ladder: %s", (key) => {
    expect(publicKeyOf(key)).toEqual(x25519.getPublicKey(key));
  });
});
