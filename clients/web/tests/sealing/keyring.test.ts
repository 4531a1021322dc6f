/** Who is met, who is not, and what follows for their frames and lines. */

import { describe, expect, it } from "vitest";
import { encode } from "../../src/sealing/base64url";
import { utf8 } from "../../src/sealing/bytes";
import { STREAMS } from "../../src/sealing/frames";
import { Keyring } from "../../src/sealing/keyring";
import { RoomKeys } from "../../src/sealing/passphrase";
import { DELTA, dice, randomBytes } from "./senders";

const SECRET = utf8("sixteen bytes ok");
const { camera } = STREAMS;

async function ring(secret = SECRET, room = "garden"): Promise<Keyring> {
  return new Keyring(await RoomKeys.of(secret.slice(), room));
}

/** Somebody in the room, and their hello. */
async function person(name: string, keys?: Keyring): Promise<{ keys: Keyring; hello: string }> {
  const own = keys ?? (await ring());
  const hello = await own.introduce(name);
  own.adopt();
  return { keys: own, hello };
}

async function frameOf(keys: Keyring): Promise<Uint8Array<ArrayBuffer>> {
  const sealer = keys.sealer(camera);
  if (!sealer) {
    throw new Error("not in the room");
  }
  return sealer.seal("VP9", utf8("media"), DELTA);
}

describe("a hello", () => {
  it("of the same secret is met, by its own name", async () => {
    const [ana, ben] = [await person("Änne"), await person("Ben")];
    expect(await ben.keys.meet("a", ana.hello)).toEqual({ standing: "met", name: "Änne" });
    const opened = await ben.keys.opener("a", camera)?.open("VP9", await frameOf(ana.keys));
    expect(opened).toMatchObject({ media: utf8("media") });
  });

  it.each([
    ["another secret", utf8("another 16 bytes"), "garden"],
    ["another room", SECRET, "office"],
  ])("of %s is another key, and nothing is opened", async (_, secret, room) => {
    const [eve, ben] = [await person("Eve", await ring(secret, room)), await person("Ben")];
    expect(await ben.keys.meet("e", eve.hello)).toEqual({ standing: "other_key", name: "" });
    expect(ben.keys.opener("e", camera)).toBeNull();
  });

  it("of nobody, of garbage and of too many bytes is another key", async () => {
    const ben = await person("Ben");
    const roll = dice(5);
    const garbage = Array.from({ length: 200 }, () => encode(randomBytes(roll, 600)));
    for (const hello of [null, "", "?", ...garbage]) {
      expect((await ben.keys.meet("e", hello)).standing).toBe("other_key");
    }
  });

  it("of ours, now or earlier, is a copy", async () => {
    const ben = await person("Ben");
    const later = await person("Ben", ben.keys);
    expect((await ben.keys.meet("e", ben.hello)).standing).toBe("copied");
    expect((await ben.keys.meet("e", later.hello)).standing).toBe("copied");
  });

  it("of somebody else who is here is a copy, until they are gone", async () => {
    const [ana, ben] = [await person("Ana"), await person("Ben")];
    await ben.keys.meet("a", ana.hello);
    expect((await ben.keys.meet("e", ana.hello)).standing).toBe("copied");
    expect(ben.keys.opener("e", camera)).toBeNull();
    expect((await ben.keys.meet("a", ana.hello)).standing).toBe("met");
    ben.keys.part("a");
    expect((await ben.keys.meet("a2", ana.hello)).standing).toBe("met");
  });

  it("that is replaced by an unknown one takes the keys with it", async () => {
    const [ana, ben] = [await person("Ana"), await person("Ben")];
    await ben.keys.meet("a", ana.hello);
    await ben.keys.meet("a", null);
    expect(ben.keys.opener("a", camera)).toBeNull();
  });

  it("that returns does not open a frame again", async () => {
    const [ana, ben] = [await person("Ana"), await person("Ben")];
    const frame = await frameOf(ana.keys);
    for (const id of ["a", "a2"]) {
      await ben.keys.meet(id, ana.hello);
      await ben.keys.opener(id, camera)?.open("VP9", frame);
      ben.keys.keep(new Set());
    }
    await ben.keys.meet("a3", ana.hello);
    expect(ben.keys.opener("a3", camera)?.counts).toMatchObject({ opened: 1, replayed: 1 });
  });
});

describe("our own keys", () => {
  it("seal nothing before we are in the room", async () => {
    const keys = await ring();
    await keys.introduce("Ana");
    expect([keys.sealer(camera), await keys.sealLine("Hallo")]).toEqual([null, null]);
    keys.adopt();
    expect(keys.sealer(camera)).not.toBeNull();
  });

  it("go on counting within a join, and are others after a return", async () => {
    const ana = await person("Ana");
    const before = ana.keys.sealer(camera);
    expect(ana.keys.sealer(camera)).toBe(before);
    await person("Ana", ana.keys);
    expect(ana.keys.sealer(camera)).not.toBe(before);
  });
});

describe("a line of chat", () => {
  it("reaches those who met its writer, once, and its writer", async () => {
    const [ana, ben] = [await person("Ana"), await person("Ben")];
    await ben.keys.meet("a", ana.hello);
    const line = (await ana.keys.sealLine("Grüße")) ?? "";
    expect(await ben.keys.openLine("a", line)).toBe("Grüße");
    expect(await ben.keys.openLine("a", line)).toBeNull();
    expect(await ana.keys.openLine(null, line)).toBe("Grüße");
  });

  it("of somebody else, unknown or changed is not shown", async () => {
    const [ana, eve, ben] = [await person("Ana"), await person("Eve"), await person("Ben")];
    await ben.keys.meet("a", ana.hello);
    await ben.keys.meet("e", eve.hello);
    const line = (await ana.keys.sealLine("Grüße")) ?? "";
    const changed = `${line.slice(0, -2)}${line.endsWith("AA") ? "BA" : "AA"}`;
    for (const [id, text] of [
      ["e", line],
      ["x", line],
      ["a", changed],
      ["a", ""],
      ["a", "Hallo"],
    ] as const) {
      expect(await ben.keys.openLine(id, text)).toBeNull();
    }
    expect(await ben.keys.openLine("a", line)).toBe("Grüße");
  });
});
