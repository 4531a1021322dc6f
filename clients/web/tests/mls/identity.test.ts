/** Identities: three proofs, and none of them may be missing. */

import { describe, expect, it } from "vitest";
import { endorsementClaim, readIdentity, writeIdentity } from "../../src/mls/identity";
import { RoomSecret } from "../../src/mls/secret";
import type { Device } from "../../src/mls/types";
import { type Bytes, utf8 } from "../../src/sealing/bytes";
import { makeDevice, SECRET } from "./hall";

const ROOM = new RoomSecret(SECRET, "hall");
const LEAF = new Uint8Array(32).fill(7);

function write(device: Device, name = "Anna"): Promise<Bytes> {
  return writeIdentity(ROOM, LEAF, device, name);
}

async function endorsed(by: Device): Promise<Device> {
  const device = makeDevice();
  const endorsement = await by.sign(endorsementClaim(device.device));
  return { ...device, person: by.person, endorsement };
}

describe("an identity", () => {
  it("is read as it was written", async () => {
    const device = makeDevice();
    const identity = readIdentity(ROOM, await write(device, "Anna Grün 🌿"), LEAF);
    expect(identity).toEqual({
      person: device.person,
      device: device.device,
      name: "Anna Grün 🌿",
    });
  });

  it("may be of a further device, with the first one's word for it", async () => {
    const first = makeDevice();
    const identity = readIdentity(ROOM, await write(await endorsed(first)), LEAF);
    expect(identity?.person).toEqual(first.person);
  });

  it("does not hold with another person's word, or with none", async () => {
    const [first, other] = [makeDevice(), makeDevice()];
    const foreign = { ...(await endorsed(other)), person: first.person };
    const silent = { ...foreign, endorsement: new Uint8Array(64) };
    expect(readIdentity(ROOM, await write(foreign), LEAF)).toBeNull();
    expect(readIdentity(ROOM, await write(silent), LEAF)).toBeNull();
  });

  it("does not hold when any byte of it is another", async () => {
    const bytes = await write(makeDevice());
    for (const at of bytes.keys()) {
      const bent = bytes.slice();
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(readIdentity(ROOM, bent, LEAF), `byte ${at}`).toBeNull();
    }
  });

  it("does not hold for another leaf, in another room, or under another secret", async () => {
    const bytes = await write(makeDevice());
    expect(readIdentity(ROOM, bytes, new Uint8Array(32))).toBeNull();
    expect(readIdentity(new RoomSecret(SECRET, "yard"), bytes, LEAF)).toBeNull();
    expect(readIdentity(new RoomSecret(utf8("sixteen bytes 0f"), "hall"), bytes, LEAF)).toBeNull();
  });

  it.each([0, 1, 32, 224, 225])(
    "does not hold when it is cut off after %i bytes",
    async (length) => {
      expect(readIdentity(ROOM, (await write(makeDevice())).slice(0, length), LEAF)).toBeNull();
    },
  );

  it("has a name of at most 256 bytes, as text", async () => {
    expect(readIdentity(ROOM, await write(makeDevice(), "n".repeat(256)), LEAF)).not.toBeNull();
    expect(readIdentity(ROOM, await write(makeDevice(), "n".repeat(257)), LEAF)).toBeNull();
  });
});
