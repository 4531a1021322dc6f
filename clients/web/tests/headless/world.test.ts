/** What stands in for the browser's world is as it is there; Node's own is the measure. */

import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/headless/base64";
import { Entropy } from "../../src/headless/entropy";
import { Utf8Decoder, Utf8Encoder } from "../../src/headless/utf8";
import { dice, randomBytes } from "../sealing/senders";

function orError<T>(step: () => T): T | string {
  try {
    return step();
  } catch (error) {
    return error instanceof Error ? "refused" : String(error);
  }
}

describe("UTF-8", () => {
  it.each([
    "",
    "plain",
    "Grüße",
    "漢字",
    "🦆",
    "\ufeffmarked",
    "\ud800 alone",
    "\udc00",
    "\u{10ffff}",
  ])("of %j is the web's", (text) => {
    expect([...new Utf8Encoder().encode(text)]).toEqual([...new TextEncoder().encode(text)]);
  });

  it.each([
    { fatal: false, ignoreBOM: false },
    { fatal: true, ignoreBOM: false },
    { fatal: false, ignoreBOM: true },
  ])("of any bytes is read as on the web: %j", (options) => {
    const roll = dice(3629);
    const beginnings = [0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x80, 0xbf, 0x41, 0xbb];
    for (let round = 0; round < 5000; round += 1) {
      const data = randomBytes(roll, 8).map((byte) => beginnings[byte % 24] ?? byte);
      const [ours, web] = [new Utf8Decoder("utf-8", options), new TextDecoder("utf-8", options)];
      expect(orError(() => ours.decode(data))).toBe(orError(() => web.decode(data)));
    }
  });

  it("is the only encoding", () => {
    expect(() => new Utf8Decoder("latin1")).toThrow(RangeError);
  });
});

describe("base64", () => {
  it("of any bytes is the web's, and comes back", () => {
    const roll = dice(4648);
    for (let round = 0; round < 1000; round += 1) {
      const binary = String.fromCharCode(...randomBytes(roll, 40));
      expect(toBase64(binary)).toBe(btoa(binary));
      expect(fromBase64(toBase64(binary))).toBe(binary);
    }
  });

  it.each(["", "QQ", "QQ==", "QUI", "QUI=", "A", "QQ=", "QQ===", "====", "Q-_Q", "ä"])(
    "%j is read or refused as on the web",
    (text) => {
      expect(orError(() => fromBase64(text))).toBe(orError(() => atob(text)));
    },
  );

  it("is of bytes only", () => {
    expect(() => toBase64("ā")).toThrow(TypeError);
  });
});

describe("random bytes", () => {
  function filled(...bytes: number[]): Entropy {
    const entropy = new Entropy(bytes.length);
    new Uint8Array(entropy.buffer).set(bytes);
    entropy.refill();
    return entropy;
  }

  it("are each used once, and forgotten", () => {
    const entropy = filled(1, 2, 3);
    expect([...entropy.getRandomValues(new Uint8Array(2))]).toEqual([1, 2]);
    expect(entropy.used).toBe(2);
    expect([...new Uint8Array(entropy.buffer)]).toEqual([0, 0, 3]);
    new Uint8Array(entropy.buffer).set([4, 5]);
    entropy.refill();
    expect([...entropy.getRandomValues(new Uint8Array(3))]).toEqual([4, 5, 3]);
  });

  it("fill a part of a buffer and no more", () => {
    const whole = new Uint8Array(4);
    filled(7, 8).getRandomValues(whole.subarray(1, 3));
    expect([...whole]).toEqual([0, 7, 8, 0]);
  });

  it("are refused rather than repeated or made up", () => {
    const entropy = filled(1, 2, 3);
    const wanted = new Uint8Array(4);
    expect(() => entropy.getRandomValues(wanted)).toThrow(/too few/);
    expect([...wanted]).toEqual([0, 0, 0, 0]);
    expect(() => new Entropy(8).getRandomValues(wanted)).toThrow(/too few/);
  });
});
