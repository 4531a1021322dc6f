/** What happens to each encoded frame on its way: sealed, opened, or dropped; never let through. */

import { type Counts, type FrameInfo, noCounts, type Opener, type Refusal } from "./frames";
import type { Keyring } from "./keyring";
import type { Target } from "./requests";
import { isSealable } from "./shims";

/** RTCEncodedVideoFrame or RTCEncodedAudioFrame, as far as we look at them. */
export interface EncodedFrame {
  data: ArrayBuffer;
  /** Of pictures only. */
  readonly type?: string;
  getMetadata(): FrameMetadata;
}

export interface FrameMetadata {
  readonly mimeType?: string;
  readonly spatialIndex?: number;
  readonly temporalIndex?: number;
  readonly width?: number;
  readonly height?: number;
}

/** Key frames are asked for no more often, in milliseconds. */
const KEY_FRAME_MS = 1000;

/** After these a picture may be missing, and those that follow are of no use without a key frame. */
const LOSSES: ReadonlySet<Refusal> = new Set([
  "malformed",
  "unknown_key",
  "not_authentic",
  "mislabelled",
]);

/** The encoding name of SDP, `VP9`; empty where the browser does not tell. */
export function codecOf({ mimeType = "" }: FrameMetadata): string {
  return mimeType.split("/")[1] ?? "";
}

/** Seal a frame in place; false if it must not leave. `now` is in milliseconds. */
export async function sealFrame(
  keyring: Keyring | null,
  stream: number,
  frame: EncodedFrame,
  now: number,
): Promise<boolean> {
  const metadata = frame.getMetadata();
  const codec = codecOf(metadata);
  const sealer = keyring?.sealer(stream);
  if (!sealer || !isSealable(codec)) {
    return false;
  }
  const info = describe(frame, metadata, now);
  frame.data = (await sealer.seal(codec, new Uint8Array(frame.data), info)).buffer;
  return true;
}

function describe(frame: EncodedFrame, metadata: FrameMetadata, now: number): FrameInfo {
  const { spatialIndex = 0, temporalIndex = 0, width = 0, height = 0 } = metadata;
  return {
    isKeyFrame: frame.type === "key",
    spatial: spatialIndex & 0x3,
    temporal: temporalIndex & 0xf,
    width: width & 0xffff,
    height: height & 0xffff,
    time: now,
  };
}

/** One way that frames come: an m-line that is used again leads to somebody else. */
export class Route {
  #to: Target | null = null;
  /** Frames that came while we had no keys for them. */
  #keyless = 0;
  #asked = Number.NEGATIVE_INFINITY;

  lead(to: Target | null): void {
    this.#to = to;
    this.#keyless = 0;
  }

  /** What became of the frames of whoever this leads to. */
  counts(keyring: Keyring | null): Counts {
    const counts = this.#opener(keyring)?.counts ?? noCounts();
    return { ...counts, unknown_key: counts.unknown_key + this.#keyless };
  }

  /** Open a frame in place; `ask` is called when only a key frame helps. False: drop it. */
  async open(
    keyring: Keyring | null,
    frame: EncodedFrame,
    now: number,
    ask: () => void,
  ): Promise<boolean> {
    const data = new Uint8Array(frame.data);
    const opener = this.#opener(keyring);
    if (!opener && data.length > 0) {
      this.#keyless += 1;
    }
    const result = opener ? await opener.open(codecOf(frame.getMetadata()), data) : "unknown_key";
    if (typeof result !== "string") {
      frame.data = result.media.slice().buffer;
      return true;
    }
    if (data.length > 0 && LOSSES.has(result) && now - this.#asked >= KEY_FRAME_MS) {
      this.#asked = now;
      ask();
    }
    return false;
  }

  #opener(keyring: Keyring | null): Opener | null {
    return (this.#to && keyring?.opener(this.#to.participant, this.#to.stream)) ?? null;
  }
}
