/** RFC 9605, by the vectors of its working group. */

import { describe, expect, it } from "vitest";
import official from "../../../../tests/data/vectors/sframe-rfc9605.json";
import {
  importSecret,
  NotAuthentic,
  NotSFrame,
  readHeader,
  SFrameKey,
  writeHeader,
} from "../../src/sealing/sframe";
import { hex, unhex } from "./hex";
import { dice, randomBytes } from "./senders";

interface Official {
  /** Numbers above 2⁵³ lose their end in JSON.parse; the encoded form has them all. */
  readonly header: readonly { kid: number; ctr: number; encoded: string }[];
  readonly sframe: readonly {
    cipher_suite: number;
    kid: number;
    ctr: number;
    base_key: string;
    metadata: string;
    pt: string;
    ct: string;
  }[];
}

const OFFICIAL = official as Official;

describe("a header", () => {
  it.each(OFFICIAL.header)("of KID $kid and counter $ctr is $encoded", (told) => {
    const header = readHeader(unhex(told.encoded));
    expect(header.length).toBe(told.encoded.length / 2);
    expect([Number(header.kid), Number(header.counter)]).toEqual([told.kid, told.ctr]);
    expect(hex(writeHeader(header.kid, header.counter))).toBe(told.encoded);
  });

  it.each([
    ["", "nothing"],
    ["88", "a KID that is cut off"],
    ["08", "a counter that is cut off"],
    ["8005", "a KID that would fit the first byte"],
    ["0807", "a counter that would fit the first byte"],
    ["900009", "a KID with a leading zero"],
    ["ff00000000000000010000000000000001", "the longest fields for the smallest numbers"],
  ])("is not %j: %s", (text) => {
    expect(() => readHeader(unhex(text))).toThrow(NotSFrame);
  });

  it("is read from any bytes, or refused with one error", () => {
    const roll = dice(9605);
    for (let round = 0; round < 3000; round += 1) {
      const data = randomBytes(roll, 20);
      try {
        const { kid, counter, length } = readHeader(data);
        expect(writeHeader(kid, counter)).toEqual(data.slice(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(NotSFrame);
      }
    }
  });
});

describe("the suite AES_128_GCM_SHA256_128", () => {
  const [told] = OFFICIAL.sframe.filter(({ cipher_suite }) => cipher_suite === 4);
  if (!told) {
    throw new Error("the vector is missing");
  }
  const key = async () => SFrameKey.of(await importSecret(unhex(told.base_key)), BigInt(told.kid));

  it("seals as the vector says", async () => {
    const sealed = await (await key()).seal(told.ctr, unhex(told.metadata), unhex(told.pt));
    expect(hex(sealed)).toBe(told.ct);
  });

  it("opens what the vector sealed, and nothing else", async () => {
    const ct = unhex(told.ct);
    const { length } = readHeader(ct);
    const [head, body] = [ct.subarray(0, length), ct.subarray(length)];
    const opened = await (await key()).open(told.ctr, head, unhex(told.metadata), body);
    expect(hex(opened)).toBe(told.pt);
    await expect((await key()).open(told.ctr, head, unhex("00"), body)).rejects.toThrow(
      NotAuthentic,
    );
  });
});
