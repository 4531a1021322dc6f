/** Padding: longer frames of few sizes, byte for byte as the Python clients make them. */

import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/data/vectors/padded-frames.json";
import type { Bytes } from "../../src/sealing/bytes";
import { Padding, padder, padme, padOpus } from "../../src/sealing/padding";
import type { SealedCodec } from "../../src/sealing/shims";
import { hex, unhex } from "./hex";

interface Stream {
  readonly codec: SealedCodec;
  readonly frames: readonly { readonly media: string; readonly padded: string }[];
}

const STREAMS = vectors as readonly Stream[];
const CODECS = ["opus", "VP8", "VP9", "AV1"] as const;

/** Numbers that look random and are the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; state = (Math.imul(state, 1664525) + 1013904223) >>> 0) {
    yield state >>> 8;
  }
}

function anyBytes(draw: Generator<number, never>, longest: number): Bytes {
  const bytes = new Uint8Array(draw.next().value % (longest + 1));
  return bytes.map(() => draw.next().value & 0xff);
}

describe.each(STREAMS)("a stream of $codec", ({ codec, frames }) => {
  const pad = padder(codec);
  it.each(frames.map((frame, at) => ({ at, ...frame })))("pads frame $at", ({ media, padded }) => {
    expect(hex(pad(unhex(media)))).toBe(padded);
  });
});

it("streams of sound have sizes of their own", () => {
  const padding = new Padding();
  const packet = (size: number) => new Uint8Array(size).fill(8);
  expect(padding.pad("opus", 0, packet(150))).toHaveLength(160);
  expect(padding.pad("opus", 3, packet(30))).toHaveLength(40);
  expect(padding.pad("opus", 0, packet(30))).toHaveLength(160);
});

it.each(CODECS)("any bytes of %s are padded or left, and never shorter", (codec) => {
  const [draw, pad] = [numbers(1), padder(codec)];
  for (let round = 0; round < 2000; round += 1) {
    const frame = anyBytes(draw, 60);
    const padded = pad(frame);
    expect(padded.length).toBeGreaterThanOrEqual(frame.length);
    expect(padded.length === 0).toBe(frame.length === 0);
  }
});

it("sound has the size that was wanted, or is no sound", () => {
  const draw = numbers(2);
  for (let round = 0; round < 3000; round += 1) {
    const [packet, size] = [anyBytes(draw, 400), draw.next().value % 900];
    const padded = padOpus(packet, size);
    expect(padded === null || padded.length === Math.max(size, packet.length)).toBe(true);
  }
});

it("a size that remains stays, and none grows by more than 12 %", () => {
  for (let size = 1; size < 20_000; size += 1) {
    expect(padme(size)).toBeGreaterThanOrEqual(size);
    expect(padme(size)).toBeLessThanOrEqual(size * 1.12);
    expect(padme(padme(size))).toBe(padme(size));
  }
});
