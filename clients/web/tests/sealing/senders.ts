/** Senders, and dice that fall the same each time. */

import { type Bytes, utf8 } from "../../src/sealing/bytes";
import { type FrameInfo, PASSPHRASE_KIDS, type Sender } from "../../src/sealing/frames";
import { importSecret } from "../../src/sealing/sframe";

export async function sender(
  base = "a",
  { ident = 0x01020304, context = "c", epoch = 0n } = {},
): Promise<Sender> {
  const baseKey = await importSecret(utf8(base.repeat(32)));
  return { baseKey, kids: PASSPHRASE_KIDS, ident, context: utf8(context.repeat(16)), epoch };
}

export const DELTA: FrameInfo = {
  isKeyFrame: false,
  spatial: 0,
  temporal: 0,
  width: 0,
  height: 0,
  time: 0,
};

export const KEY: FrameInfo = { ...DELTA, isKeyFrame: true, width: 320, height: 180, time: 5000 };

/** Numbers from 0 to `below`, by Marsaglia's xorshift: the same for the same seed. */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export function randomBytes(roll: (below: number) => number, most: number): Bytes {
  return Uint8Array.from({ length: roll(most + 1) }, () => roll(256));
}
