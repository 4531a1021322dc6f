/** The page and the Python clients show the same call code: both keep to the same vectors. */

import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/data/vectors/call-code.json";
import { callCode } from "../../src/identity/code";
import { unhex } from "../sealing/hex";

describe("the call code", () => {
  it.each(vectors)("is that of the vector: $name", async ({ devices, group, code }) => {
    const digits = await callCode(devices.map(unhex), unhex(group));
    expect(digits.join(" ")).toBe(code);
  });
});
