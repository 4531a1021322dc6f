/** The page and the Python clients seal alike: both keep to the same vectors. */

import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/data/vectors/sealed-frames.json";
import { stretch } from "../../src/sealing/argon2";
import { ChatOpener, ChatSealer } from "../../src/sealing/chat";
import { MLS_KIDS, Opener, PASSPHRASE_KIDS, Sealer, type Sender } from "../../src/sealing/frames";
import { RoomKeys } from "../../src/sealing/passphrase";
import { importSecret } from "../../src/sealing/sframe";
import type { SealedCodec } from "../../src/sealing/shims";
import { hex, unhex } from "./hex";

interface Frame {
  readonly key_frame: boolean;
  readonly spatial: number;
  readonly temporal: number;
  readonly width: number;
  readonly height: number;
  readonly time: number;
  readonly media: string;
  readonly wire: string;
}

interface Stream {
  readonly codec: SealedCodec;
  readonly stream: number;
  readonly frames: readonly Frame[];
}

interface Member {
  readonly base_key: string;
  readonly leaf: number;
  readonly context: string;
  readonly epoch: number;
  readonly streams: readonly Stream[];
}

interface Vectors {
  readonly secret: string;
  readonly room: string;
  readonly context: string;
  readonly hello: { wire: string; name: string; sender: number; base_key: string };
  readonly passphrase: { text: string; salt: string; secret: string };
  readonly sender: { base_key: string; ident: number };
  readonly streams: readonly Stream[];
  readonly members: readonly Member[];
  readonly chat: readonly { text: string; line: string }[];
}

const VECTORS = vectors as Vectors;
const KEYS = await RoomKeys.of(unhex(VECTORS.secret), VECTORS.room);
const SENDER = {
  baseKey: await importSecret(unhex(VECTORS.sender.base_key)),
  kids: PASSPHRASE_KIDS,
  ident: VECTORS.sender.ident,
  context: KEYS.context,
  epoch: 0n,
};

async function member(told: Member): Promise<Sender> {
  const [baseKey, context] = [await importSecret(unhex(told.base_key)), unhex(told.context)];
  return { baseKey, kids: MLS_KIDS, ident: told.leaf, context, epoch: BigInt(told.epoch) };
}

async function sealsAlike(sender: Sender, told: Stream): Promise<void> {
  const [sealer, opener] = [new Sealer(sender, told.stream), new Opener(sender, told.stream)];
  for (const frame of told.frames) {
    const { key_frame: isKeyFrame, spatial, temporal, width, height, time } = frame;
    const info = { isKeyFrame, spatial, temporal, width, height, time };
    const media = unhex(frame.media);
    expect(hex(await sealer.seal(told.codec, media, info))).toBe(frame.wire);
    expect(await opener.open(told.codec, unhex(frame.wire))).toMatchObject({ media });
  }
  expect(opener.counts.opened).toBe(told.frames.length);
}

describe("the vectors of the Python clients", () => {
  it("have our keys of a room", () => {
    expect(hex(KEYS.context)).toBe(VECTORS.context);
  });

  it("have our secret of a passphrase", { timeout: 60_000 }, () => {
    const { text, salt, secret } = VECTORS.passphrase;
    expect(hex(stretch(text, unhex(salt)))).toBe(secret);
  });

  it("have a hello that leads to the sender's keys", async () => {
    const { wire, name, sender, base_key } = VECTORS.hello;
    const hello = await KEYS.meet(unhex(wire));
    expect([hello.name, hello.sender.ident]).toEqual([name, sender]);
    // Keys cannot be read back: what one seals, the other opens.
    const told = { ...hello.sender, baseKey: await importSecret(unhex(base_key)) };
    const line = await new ChatSealer(told).seal("Hallo");
    expect(await new ChatOpener(hello.sender).open(line)).toBe("Hallo");
  });

  it.each(VECTORS.streams)("have our frames of $codec in stream $stream", (told) =>
    sealsAlike(SENDER, told),
  );

  it.each(VECTORS.members)("have our frames of leaf $leaf in epoch $epoch", async (told) => {
    const sender = await member(told);
    for (const stream of told.streams) {
      await sealsAlike(sender, stream);
    }
  });

  it("have our lines of chat", async () => {
    const [sealer, opener] = [new ChatSealer(SENDER), new ChatOpener(SENDER)];
    for (const { text, line } of VECTORS.chat) {
      expect(await sealer.seal(text)).toBe(line);
      expect(await opener.open(line)).toBe(text);
    }
  });
});
