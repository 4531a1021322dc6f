/** UTF-8 as the web's TextEncoder and TextDecoder have it, for a V8 that has neither. */

const REPLACEMENT = 0xfffd;
const BYTE_ORDER_MARK = 0xfeff;

/** The largest code point with so many bytes after the first. */
const LARGEST = [0x7f, 0x7ff, 0xffff, 0x10_ffff] as const;

/** Half of a surrogate pair, which alone is no character. */
function isSurrogate(point: number): boolean {
  return point >= 0xd800 && point <= 0xdfff;
}

export class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array<ArrayBuffer> {
    const bytes: number[] = [];
    for (const character of text) {
      const point = character.codePointAt(0) ?? 0;
      bytes.push(...encodePoint(isSurrogate(point) ? REPLACEMENT : point));
    }
    return Uint8Array.from(bytes);
  }
}

function encodePoint(point: number): number[] {
  const followers = LARGEST.findIndex((largest) => point <= largest);
  if (followers === 0) {
    return [point];
  }
  const leading = (0xff00 >> (followers + 1)) & 0xff;
  const shifts = Array.from({ length: followers }, (_, at) => 6 * (followers - 1 - at));
  return [
    leading | (point >> (6 * followers)),
    ...shifts.map((shift) => 0x80 | ((point >> shift) & 0x3f)),
  ];
}

export class Utf8Decoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(label = "utf-8", options: TextDecoderOptions = {}) {
    if (!["utf-8", "utf8"].includes(label.toLowerCase())) {
      throw new RangeError(`There is no ${label} here.`);
    }
    this.fatal = options.fatal ?? false;
    this.ignoreBOM = options.ignoreBOM ?? false;
  }

  /** Throws TypeError for what is no UTF-8, if that is fatal. */
  decode(data: Uint8Array = new Uint8Array()): string {
    const points: number[] = [];
    for (let at = 0; at < data.length; ) {
      const { point, length } = decodePoint(data, at);
      if (point === null && this.fatal) {
        throw new TypeError("This is no UTF-8.");
      }
      points.push(point ?? REPLACEMENT);
      at += length;
    }
    const isMarked = points[0] === BYTE_ORDER_MARK && !this.ignoreBOM;
    return textOf(isMarked ? points.slice(1) : points);
  }
}

/** One character; or null, and how many bytes stand for one replacement (the Encoding standard). */
function decodePoint(data: Uint8Array, at: number): { point: number | null; length: number } {
  const leading = data[at] ?? 0;
  if (leading < 0x80) {
    return { point: leading, length: 1 };
  }
  const followers = followersOf(leading);
  let point = leading & (0x3f >> followers);
  for (let taken = 1; taken <= followers; taken += 1) {
    const byte = data[at + taken];
    const [least, most] = taken === 1 ? secondByteOf(leading) : [0x80, 0xbf];
    if (byte === undefined || byte < least || byte > most) {
      return { point: null, length: taken };
    }
    point = (point << 6) | (byte & 0x3f);
  }
  return followers === 0 ? { point: null, length: 1 } : { point, length: followers + 1 };
}

/** 0 for a byte that begins nothing. */
function followersOf(leading: number): number {
  if (leading >= 0xc2 && leading <= 0xdf) {
    return 1;
  }
  if (leading >= 0xe0 && leading <= 0xef) {
    return 2;
  }
  return leading >= 0xf0 && leading <= 0xf4 ? 3 : 0;
}

/** Neither longer forms than needed, nor surrogates, nor more than Unicode has. */
function secondByteOf(leading: number): [number, number] {
  const special: Record<number, [number, number]> = {
    224: [0xa0, 0xbf],
    237: [0x80, 0x9f],
    240: [0x90, 0xbf],
    244: [0x80, 0x8f],
  };
  return special[leading] ?? [0x80, 0xbf];
}

function textOf(points: readonly number[]): string {
  return points.map((point) => String.fromCodePoint(point)).join("");
}
