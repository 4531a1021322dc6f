/** One text for each array of bytes, and no other. */

import { describe, expect, it } from "vitest";
import { decode, encode } from "../../src/sealing/base64url";
import { dice, randomBytes } from "./senders";

describe("base64url", () => {
  it("comes back", () => {
    const roll = dice(4648);
    for (let round = 0; round < 500; round += 1) {
      const data = randomBytes(roll, 40);
      expect(encode(data)).toMatch(/^[A-Za-z0-9_-]*$/);
      expect(decode(encode(data))).toEqual(data);
    }
  });

  it.each(["A", "AB==", "AB+/", "A B", "AB\n", "ä", "AAF"])("is not %j", (text) => {
    expect(decode(text)).toBeNull();
  });
});
