/** Clear bytes in front of sealed frames, so that browsers cut them into packets. */

import { type Bytes, startsWith } from "./bytes";
import { NotSFrame } from "./sframe";

/** By encoding name of SDP, as they are authenticated; what is not here cannot be sealed. */
export const CODEC_NUMBERS = { chat: 0, opus: 1, VP8: 2, VP9: 3, AV1: 4 } as const;

export type SealedCodec = keyof typeof CODEC_NUMBERS;

/** One that frames have: chat is sealed, but it is no codec. */
export function isSealable(codec: string): codec is SealedCodec {
  return Object.hasOwn(CODEC_NUMBERS, codec) && codec !== "chat";
}

export const VP8_KEY: Bytes = Uint8Array.of(0x10, 0, 0, 0x9d, 1, 0x2a, 0x10, 0, 0x10, 0);
export const VP8_DELTA: Bytes = Uint8Array.of(0x11);

/** OBU_FRAME, no extension, no size (AV1 specification, section 5.3.2). */
export const AV1: Bytes = Uint8Array.of(0x30);

const NONE: Bytes = new Uint8Array();
const VP8_INTER = 0x01;
const AV1_WITH_SIZE = 0x32;
const LEB128_BYTES = 8;

/** The shim of a frame. */
export function shimFor(codec: SealedCodec, isKeyFrame: boolean): Bytes {
  if (codec === "VP8") {
    return isKeyFrame ? VP8_KEY : VP8_DELTA;
  }
  return codec === "AV1" ? AV1 : NONE;
}

export interface Shimmed {
  /** The canonical shim, whatever the way made of it. */
  readonly shim: Bytes;
  readonly sealed: Bytes;
}

/** Take the shim off a frame that came; throws NotSFrame. */
export function splitShim(codec: SealedCodec, data: Bytes): Shimmed {
  if (codec === "VP8") {
    const shim = ((data[0] ?? 0) & VP8_INTER) === 0 ? VP8_KEY : VP8_DELTA;
    if (!startsWith(data, shim)) {
      throw new NotSFrame("not the shim of VP8");
    }
    return { shim, sealed: data.subarray(shim.length) };
  }
  return codec === "AV1"
    ? { shim: AV1, sealed: withoutObuHeader(data) }
    : { shim: NONE, sealed: data };
}

/** Skip the header, and the size that the way may have put behind it. */
function withoutObuHeader(data: Bytes): Bytes {
  if (startsWith(data, AV1)) {
    return data.subarray(1);
  }
  if (data[0] !== AV1_WITH_SIZE) {
    throw new NotSFrame("not the shim of AV1");
  }
  let size = 0;
  for (let at = 1; at < data.length && at <= LEB128_BYTES; at += 1) {
    const byte = data[at] ?? 0;
    size += (byte & 0x7f) * 2 ** (7 * (at - 1));
    if ((byte & 0x80) === 0) {
      if (size !== data.length - at - 1) {
        break;
      }
      return data.subarray(at + 1);
    }
  }
  throw new NotSFrame("the OBU's size is not that of the frame");
}
