/** Makes encoded frames longer, unnoticed by their decoders, so that sizes tell less. */

import { type Bytes, concat } from "./bytes";
import type { SealedCodec } from "./shims";

/** In bytes; in 20 ms they are 16 kbit/s. */
const SOUND_STEP = 40;

/** In packets, a second: an encoder may begin with larger ones than it ever makes again. */
const WARM_UP = 50;

/** Of Opus: what of the first byte says how frames are packed, and flags of the byte after it. */
const CODE = 0x03;
const PADDED = 0x40;
const TWO_SIZED = 0x80;
const HEADS = [1, 2, TWO_SIZED | 2] as const;

const AV1_PADDING = 0x7a;
const AV1_HEAD_BYTES = 4;
const AV1_HAS_SIZE = 0x02;
const AV1_HAS_EXTENSION = 0x04;
/** Types of OBUs: headers of frames, tile groups, and both in one. */
const AV1_FRAMES: ReadonlySet<number> = new Set([3, 4, 6, 7]);
const LEB128_BYTES = 8;
const TRAILING_BIT = 0x80;

/** Returns a frame that is at least as long, and decodes to the same. */
export type Padder = (frame: Bytes) => Bytes;

/** What pads the frames of all streams of a sender. */
export class Padding {
  readonly #padders = new Map<string, Padder>();

  pad(codec: SealedCodec, stream: number, frame: Bytes): Bytes {
    const name = `${codec} ${stream}`;
    const pad = this.#padders.get(name) ?? padder(codec);
    this.#padders.set(name, pad);
    return pad(frame);
  }
}

/** What pads the frames of one stream. */
export function padder(codec: SealedCodec): Padder {
  switch (codec) {
    case "opus":
      return soundPadder();
    case "AV1":
      return padAv1;
    case "VP9":
      return (frame) => (hasIndex(frame) ? frame : padWithZeros(frame));
    default:
      return padWithZeros;
  }
}

/**
 * The next size of those that remain: at most 12 % more (PURBs, section 4.2). A size keeps as many
 * leading bits as its own length in bits takes to write.
 */
export function padme(size: number): number {
  if (size <= 1) {
    return size;
  }
  const exponent = bitLength(size) - 1;
  const step = 2 ** (exponent - bitLength(exponent));
  return Math.ceil(size / step) * step;
}

function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}

/**
 * Gives every packet the size of the largest so far: a pause looks like a word. Sizes grow in
 * steps, so that a call has few of them, all in its first seconds of speech.
 */
function soundPadder(): Padder {
  let [usual, packets] = [0, 0];
  return (packet) => {
    packets += 1;
    if (packets === WARM_UP) {
      usual = 0;
    }
    const size = Math.max(usual, Math.ceil(packet.length / SOUND_STEP) * SOUND_STEP);
    const padded = padOpus(packet, size);
    if (padded === null) {
      return packet;
    }
    usual = size;
    return padded;
  };
}

/**
 * The packet with padding of its own (RFC 6716 section 3.2.5), `size` bytes if it has fewer. Null
 * for what is no packet.
 */
export function padOpus(packet: Bytes, size: number): Bytes | null {
  const [toc] = packet;
  const bare = toc === undefined ? null : unpacked(toc & CODE, packet);
  if (toc === undefined || bare === null) {
    return null;
  }
  const { count, frames } = bare;
  const padding = size - 2 - frames.length;
  if (packet.length >= size) {
    return packet;
  }
  const padded = new Uint8Array(size);
  padded[0] = toc | CODE;
  padded[1] = padding === 0 ? count : count | PADDED;
  let at = 2;
  for (let rest = padding - 1; rest >= 0; rest -= 255) {
    padded[at] = Math.min(rest, 255);
    at += 1;
  }
  padded.set(frames, at);
  return padded;
}

interface Unpacked {
  /** The byte after the first one, in a packet of code 3 without padding. */
  readonly count: number;
  readonly frames: Bytes;
}

function unpacked(code: number, packet: Bytes): Unpacked | null {
  const count = HEADS[code];
  return count === undefined ? withoutPadding(packet) : { count, frames: packet.subarray(1) };
}

function withoutPadding(packet: Bytes): Unpacked | null {
  const count = packet[1];
  if (count === undefined) {
    return null;
  }
  let [at, padding] = [2, 0];
  for (let more = (count & PADDED) !== 0; more; ) {
    const length = packet[at];
    if (length === undefined) {
      return null;
    }
    padding += Math.min(length, 254);
    more = length === 255;
    at += 1;
  }
  const end = packet.length - padding;
  return at <= end ? { count: count & ~PADDED, frames: packet.subarray(at, end) } : null;
}

/** Behind the last partition or tile: a decoder stops reading before them. */
function padWithZeros(frame: Bytes): Bytes {
  return concat(frame, new Uint8Array(padme(frame.length) - frame.length));
}

/** Whether frames are found by an index at the end, which has to stay there (VP9, annex B). */
function hasIndex(frame: Bytes): boolean {
  const last = frame.at(-1) ?? 0;
  if ((last & 0xe0) !== 0xc0) {
    return false;
  }
  const size = 2 + (1 + ((last >> 3) & 3)) * (1 + (last & 7));
  return frame.at(-size) === last;
}

/**
 * A padding OBU before the picture (AV1 specification, section 5.12). Behind it, libaom takes it
 * for the beginning of another picture.
 */
function padAv1(unit: Bytes): Bytes {
  const place = firstFrame(unit);
  if (place === null) {
    return unit;
  }
  const size = padme(unit.length + AV1_HEAD_BYTES + 1) - unit.length - AV1_HEAD_BYTES;
  const obu = new Uint8Array(AV1_HEAD_BYTES + size);
  // A size may take more bytes than it needs (section 4.10.5): so any length can be had.
  obu.set([AV1_PADDING, (size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, (size >> 14) & 0x7f]);
  obu[obu.length - 1] = TRAILING_BIT;
  return concat(unit.subarray(0, place), obu, unit.subarray(place));
}

/** Where the first OBU of a picture begins; null if there is none, or no way to it. */
function firstFrame(unit: Bytes): number | null {
  for (let place = 0; place < unit.length; ) {
    const header = unit[place] ?? 0;
    if (AV1_FRAMES.has((header >> 3) & 0x0f)) {
      return place;
    }
    const end = (header & AV1_HAS_SIZE) === 0 ? null : endOfObu(unit, place, header);
    if (end === null) {
      return null;
    }
    place = end;
  }
  return null;
}

function endOfObu(unit: Bytes, place: number, header: number): number | null {
  const start = place + ((header & AV1_HAS_EXTENSION) === 0 ? 1 : 2);
  let size = 0;
  for (let at = 0; at < LEB128_BYTES; at += 1) {
    const byte = unit[start + at];
    if (byte === undefined) {
      return null;
    }
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) {
      return start + at + 1 + size;
    }
  }
  return null;
}
