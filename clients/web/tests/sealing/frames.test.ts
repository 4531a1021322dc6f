/** Sealed frames: what goes in comes out, and nothing else is taken for a frame. */

import { describe, expect, it } from "vitest";
import { type Bytes, utf8 } from "../../src/sealing/bytes";
import {
  kidOf,
  metadataOf,
  type OpenedFrame,
  Opener,
  REFUSALS,
  type Refusal,
  Sealer,
  STREAMS,
} from "../../src/sealing/frames";
import { SFrameKey } from "../../src/sealing/sframe";
import { type SealedCodec, VP8_DELTA, VP8_KEY } from "../../src/sealing/shims";
import { unhex } from "./hex";
import { DELTA, dice, KEY, randomBytes, sender } from "./senders";

const ANA = await sender();
const OTHERS = {
  sender: await sender("b", { ident: 0x05060708 }),
  key: await sender("b"),
  room: await sender("a", { context: "d" }),
  epoch: await sender("a", { epoch: 256n }),
};
const CODECS = ["opus", "VP8", "VP9", "AV1"] as const;
const MEDIA = utf8("media".repeat(30));
const NONE: Bytes = new Uint8Array();

const opener = (of = ANA, stream: number = STREAMS.camera) => new Opener(of, stream);
const sealed = (codec: SealedCodec = "VP9", info = KEY) =>
  new Sealer(ANA, STREAMS.camera).seal(codec, MEDIA, info);

/** Sealed with Ana's key of a layer, whatever is inside. */
async function forged(
  plain: Bytes,
  { spatial = 0, counter = 0, codec = "VP9" as SealedCodec } = {},
) {
  const key = await SFrameKey.of(ANA.baseKey, kidOf(ANA, STREAMS.camera, spatial));
  return key.seal(counter, metadataOf(ANA, codec, NONE), plain);
}

function isOpen(result: OpenedFrame | Refusal): result is OpenedFrame {
  return typeof result !== "string";
}

const refusedBy = ({ counts }: Opener) => REFUSALS.reduce((sum, reason) => sum + counts[reason], 0);

describe("what was sealed", () => {
  it.each(["VP8", "VP9", "AV1"] as const)("comes back from %s, with a count", async (codec) => {
    const roll = dice(1);
    for (let round = 0; round < 40; round += 1) {
      const isKeyFrame = roll(2) === 0;
      const info = {
        isKeyFrame,
        spatial: roll(4),
        temporal: roll(8),
        width: isKeyFrame ? roll(65_536) : 0,
        height: isKeyFrame ? roll(65_536) : 0,
        time: roll(2 ** 32),
      };
      const media = randomBytes(roll, 300);
      const [sealer, receiver] = [new Sealer(ANA, STREAMS.camera), opener()];
      for (const count of [0, 1, 2]) {
        const opened = await receiver.open(codec, await sealer.seal(codec, media, info));
        expect(opened).toEqual({ media, info: { ...info, count } });
      }
    }
  });

  it("comes back from sound, with the time in tenths of a second", async () => {
    const microphone = STREAMS.microphone;
    const wire = await new Sealer(ANA, microphone).seal("opus", MEDIA, { ...DELTA, time: 12_345 });
    const opened = await opener(ANA, microphone).open("opus", wire);
    expect(opened).toEqual({ media: MEDIA, info: { ...DELTA, time: 12_300, count: 0 } });
  });

  it("never meets a counter twice, whatever the codec", async () => {
    const sealer = new Sealer(ANA, STREAMS.camera);
    const receiver = opener();
    for (const codec of ["VP9", "VP8", "AV1", "VP9"] as const) {
      expect(isOpen(await receiver.open(codec, await sealer.seal(codec, MEDIA, KEY)))).toBe(true);
    }
    expect(receiver.counts.opened).toBe(4);
  });

  it("stops when its counters are used up", async () => {
    const sealer = new Sealer(ANA, STREAMS.camera, 2);
    for (let round = 0; round < 3; round += 1) {
      await sealer.seal("VP9", MEDIA, KEY);
    }
    await expect(sealer.seal("VP9", MEDIA, KEY)).rejects.toThrow(RangeError);
  });

  it("tells of VP8 only whether it is a key frame", async () => {
    expect((await sealed("VP8")).slice(0, 10)).toEqual(VP8_KEY);
    expect((await sealed("VP8", DELTA)).slice(0, 1)).toEqual(VP8_DELTA);
  });

  it("opens when AV1 got a size on the way", async () => {
    const wire = await sealed("AV1");
    const size = wire.length - 1;
    const arrived = Uint8Array.of(0x32, (size & 0x7f) | 0x80, size >> 7, ...wire.slice(1));
    expect(await opener().open("AV1", arrived)).toEqual(await opener().open("AV1", wire));
  });
});

describe("what is refused", () => {
  it.each(CODECS)("1: is every changed bit of %s", async (codec) => {
    const [wire, receiver] = [await sealed(codec), opener()];
    for (let bit = 0; bit < 8 * wire.length; bit += 1) {
      const changed = wire.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isOpen(await receiver.open(codec, changed))).toBe(false);
    }
    expect([receiver.counts.opened, refusedBy(receiver)]).toEqual([0, 8 * wire.length]);
    expect(isOpen(await receiver.open(codec, wire))).toBe(true);
  });

  it("2: is every frame cut off", async () => {
    const [wire, receiver] = [await sealed(), opener()];
    for (let cut = 1; cut < wire.length; cut += 1) {
      expect(isOpen(await receiver.open("VP9", wire.slice(0, cut)))).toBe(false);
    }
  });

  const largest = (length: number) => new Uint8Array(length).fill(0xff);
  const cases: [string, string, Promise<Bytes> | Bytes, Refusal | null][] = [
    ["nothing", "VP9", NONE, "empty"],
    ["2: garbage", "VP9", new Uint8Array(64_000).fill(0x5a), null],
    ["2: the largest numbers", "VP9", largest(40), "malformed"],
    ["2: the largest KID", "VP9", Uint8Array.of(0xf0, ...largest(40)), "unknown_key"],
    ["6: a great leap", "VP9", forged(new Uint8Array(20), { counter: 2 ** 40 }), "malformed"],
    ["7: a clear frame of VP8", "VP8", utf8("\u0000media"), "malformed"],
    ["7: a clear frame of VP9", "VP9", unhex("8249834200"), null],
    ["7: silence made by a server", "opus", unhex("f8fffe"), null],
    ["7: a clear frame of AV1", "AV1", unhex("12000a0b"), "malformed"],
    ["a size without an end", "AV1", unhex("3285"), "malformed"],
    ["a wrong size", "AV1", unhex("3205616263"), "malformed"],
    ["a codec that is never sealed", "H264", sealed(), "malformed"],
    ["a line of chat", "chat", sealed(), "malformed"],
    ["a name that all objects have", "toString", sealed(), "malformed"],
    ["another codec's frame", "VP8", sealed("VP9"), "malformed"],
    ["a codec that was exchanged", "opus", sealed("VP9"), "not_authentic"],
    [
      "a layer that its key denies",
      "VP9",
      forged(unhex("0020000000000000"), { spatial: 1 }),
      "mislabelled",
    ],
    [
      "too little inside for sound",
      "opus",
      forged(new Uint8Array(1), { codec: "opus" }),
      "malformed",
    ],
    ["too little inside for a picture", "VP9", forged(new Uint8Array(7)), "malformed"],
  ];
  it.each(cases)("is %s (%s)", async (_, codec, wire, reason) => {
    const receiver = opener();
    const result = await receiver.open(codec, await wire);
    expect(isOpen(result)).toBe(false);
    expect(reason ?? result).toBe(result);
    expect(refusedBy(receiver)).toBe(1);
  });

  const CAMERA = STREAMS.camera;
  it.each([
    ["another stream", ANA, STREAMS.microphone, "unknown_key"],
    ["a sender", OTHERS.sender, CAMERA, "unknown_key"],
    ["a key", OTHERS.key, CAMERA, "not_authentic"],
    ["a room", OTHERS.room, CAMERA, "not_authentic"],
    ["an epoch of the same low bits", OTHERS.epoch, CAMERA, "not_authentic"],
  ] as const)("4: is what belongs to %s", async (_, of, stream, reason) => {
    expect(await opener(of, stream).open("VP9", await sealed())).toBe(reason);
  });

  it("4: is a layer under the KID of another", async () => {
    const wire = await sealed();
    expect(wire.slice(1, 6)).toEqual(unhex("0401020304"));
    wire[1] = 0x06;
    expect(await opener().open("VP9", wire)).toBe("not_authentic");
  });

  it("3: is what was opened before, at once, often, and much later", async () => {
    const [sealer, receiver] = [new Sealer(ANA, STREAMS.camera), opener()];
    const first = await sealer.seal("VP9", MEDIA, KEY);
    expect(isOpen(await receiver.open("VP9", first))).toBe(true);
    for (let round = 0; round < 1000; round += 1) {
      expect(await receiver.open("VP9", first)).toBe("replayed");
    }
    for (let round = 0; round < 1100; round += 1) {
      await receiver.open("VP9", await sealer.seal("VP9", MEDIA, DELTA));
    }
    expect(await receiver.open("VP9", first)).toBe("replayed");
    expect(receiver.counts).toMatchObject({ opened: 1101, replayed: 1001 });
  });

  it("3: is one of two that are opened at the same time", async () => {
    const [wire, receiver] = [await sealed(), opener()];
    const results = await Promise.all([receiver.open("VP9", wire), receiver.open("VP9", wire)]);
    expect(results.filter(isOpen)).toHaveLength(1);
    expect(receiver.counts).toMatchObject({ opened: 1, replayed: 1 });
  });

  it("5: disables nothing, though it be a thousand frames at a valid key", async () => {
    const receiver = opener();
    for (let number = 0; number < 1000; number += 1) {
      const counter = (number << 20) >>> 0;
      const head = new DataView(new ArrayBuffer(10));
      head.setUint8(0, 0xcb);
      head.setUint8(1, 4);
      head.setUint32(2, ANA.ident);
      head.setUint32(6, counter);
      const garbage = Uint8Array.of(...new Uint8Array(head.buffer), ...utf8("garbage".repeat(10)));
      expect(isOpen(await receiver.open("VP9", garbage))).toBe(false);
    }
    expect(isOpen(await receiver.open("VP9", await sealed()))).toBe(true);
  });

  it.each(CODECS)("is anything that nobody sealed, of %s", async (codec) => {
    const [roll, receiver] = [dice(7), opener()];
    for (let round = 0; round < 1500; round += 1) {
      expect(isOpen(await receiver.open(codec, randomBytes(roll, 120)))).toBe(false);
    }
    expect(refusedBy(receiver)).toBe(1500);
  });
});
