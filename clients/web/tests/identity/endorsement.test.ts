/** A first device vouches for another one with texts that people carry; nothing else makes a person. */

import { describe, expect, it } from "vitest";
import {
  deviceCode,
  endorse,
  readDeviceCode,
  readEndorsement,
} from "../../src/identity/endorsement";
import { decode, encode } from "../../src/sealing/base64url";
import { type Bytes, concat, utf8 } from "../../src/sealing/bytes";
import { makeKeys } from "./keys";

const first = await makeKeys();
const further = await makeKeys();

describe("the code of a device", () => {
  it("is 43 characters, and leads back to it", () => {
    const code = deviceCode(further.public);
    expect(code).toHaveLength(43);
    expect(readDeviceCode(` ${code}\n`)).toEqual(further.public);
  });

  it.each(["", "code", "A".repeat(42), "A".repeat(44), "ä".repeat(43), `${"A".repeat(42)}B`])(
    "is not %j",
    (text) => {
      expect(readDeviceCode(text)).toBeNull();
    },
  );
});

describe("an endorsement", () => {
  it("names the person, and is signed as docs/mls.md says", async () => {
    const text = await endorse(first.private, first.public, further.public);
    expect(text).toHaveLength(128);
    const read = await readEndorsement(`\n${text} `, further.public);
    expect(read?.person).toEqual(first.public);
    const signed = concat(utf8("milkglass person 1"), further.public);
    const key = await crypto.subtle.importKey("raw", first.public, "Ed25519", false, ["verify"]);
    const signature = read?.signature ?? new Uint8Array();
    expect(await crypto.subtle.verify("Ed25519", key, signature, signed)).toBe(true);
  });

  it("is of one device alone", async () => {
    const text = await endorse(first.private, first.public, further.public);
    expect(await readEndorsement(text, first.public)).toBeNull();
  });

  it("is no other text", async () => {
    const text = await endorse(first.private, first.public, further.public);
    const data = decode(text) ?? new Uint8Array();
    const bent = (at: number): string => {
      const copy: Bytes = data.slice();
      copy[at] = (copy[at] ?? 0) ^ 1;
      return encode(copy);
    };
    const others = ["", "x", text.slice(4), `${text}AAAA`, bent(0), bent(31), bent(32), bent(95)];
    for (const other of [...others, encode(new Uint8Array(96).fill(255))]) {
      expect(await readEndorsement(other, further.public)).toBeNull();
    }
  });
});
