/** What happens to each encoded frame on its way: sealed, opened, or dropped; never let through. */

import type { Bytes } from "./bytes";
import type { Early } from "./epochopening";
import type { Counters } from "./epochsealing";
import {
  type Counts,
  type FrameInfo,
  noCounts,
  type OpenedFrame,
  type Refusal,
  type Sealer,
} from "./frames";
import { Progressing, Punctuality } from "./liveness";
import type { Padding } from "./padding";
import type { RouteReport, Target } from "./requests";
import { isSealable } from "./shims";
import { Waiting } from "./waiting";

/** Who has the keys of a call. Times are in milliseconds. */
export interface Keys {
  /** Null while nothing may leave. */
  sealer(stream: number, now: number): Sealer | null;
  /** Null for whoever is a stranger. */
  opener(participant: string, stream: number): FrameOpener | null;
}

export interface FrameOpener {
  readonly counts: Counts;
  open(codec: string, data: Bytes, now: number): Promise<OpenedFrame | Refusal | Early>;
}

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

/** Where a frame goes from a route. */
export interface Way {
  /** To the decoder. */
  deliver(frame: EncodedFrame): void;
  /** Called when only a key frame helps. */
  ask(): void;
}

/** Key frames are asked for no more often, in milliseconds. */
const KEY_FRAME_MS = 1000;

/** After these a picture may be missing, and those that follow are of no use without a key frame. */
const LOSSES: ReadonlySet<Refusal | Early> = new Set([
  "malformed",
  "unknown_key",
  "not_authentic",
  "mislabelled",
]);

/** The encoding name of SDP, `VP9`; empty where the browser does not tell. */
export function codecOf({ mimeType = "" }: FrameMetadata): string {
  return mimeType.split("/")[1] ?? "";
}

/** Seal a frame in place, padded or not; false if it must not leave. `now` is in milliseconds. */
export async function sealFrame(
  keys: Keys | null,
  stream: number,
  frame: EncodedFrame,
  now: number,
  padding: Padding | null = null,
): Promise<boolean> {
  const metadata = frame.getMetadata();
  const codec = codecOf(metadata);
  const sealer = keys?.sealer(stream, now);
  if (!sealer || !isSealable(codec)) {
    return false;
  }
  const info = describe(frame, metadata, now);
  const media = new Uint8Array(frame.data);
  const padded = padding?.pad(codec, stream, media) ?? media;
  frame.data = (await sealer.seal(codec, padded, info)).buffer;
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

interface Arrived {
  readonly frame: EncodedFrame;
  readonly way: Way;
  readonly at: number;
}

/** One way that frames come: an m-line that is used again leads to somebody else. */
export class Route {
  #to: Target | null = null;
  /** Frames that came while we had no keys for them. */
  #keyless = 0;
  #asked = Number.NEGATIVE_INFINITY;
  #waiting = new Waiting<Arrived>();
  #punctuality = new Punctuality();
  #progressing = new Progressing();
  /** Frames are opened one after the other: those that waited come before those that did not. */
  #turn: Promise<unknown> = Promise.resolve();

  lead(to: Target | null): void {
    this.#to = to;
    this.#keyless = 0;
    this.#waiting = new Waiting();
    this.#punctuality = new Punctuality();
    this.#progressing = new Progressing();
  }

  /** What became of the frames of whoever this leads to. */
  report(keys: Keys | null): RouteReport {
    const counts = this.#opener(keys)?.counts ?? noCounts();
    return {
      counts: { ...counts, unknown_key: counts.unknown_key + this.#keyless },
      delay: this.#punctuality.delay,
      isFrozen: this.#progressing.isFrozen(counts.opened),
    };
  }

  /** Somebody says how much they have sealed. */
  beacon(keys: Keys | null, participant: string, epoch: number, counters: Counters): void {
    if (this.#to?.participant === participant) {
      const opened = this.#opener(keys)?.counts.opened ?? 0;
      this.#progressing.beacon(this.#to.stream, epoch, counters, opened);
    }
  }

  /** Open a frame in place and deliver it, now or when its keys have come; or drop it. */
  open(keys: Keys | null, frame: EncodedFrame, now: number, way: Way): Promise<void> {
    return this.#next(async () => {
      this.#keyless += this.#waiting.expire(now);
      const arrived = { frame, way, at: now };
      const result = await this.#open(keys, arrived);
      if (result === "early" && !this.#waiting.hold(arrived, now)) {
        this.#refuse(arrived);
      }
    });
  }

  /** There are new keys: open what waited for them. */
  rekeyed(keys: Keys | null, now: number): Promise<void> {
    return this.#next(async () => {
      this.#keyless += this.#waiting.expire(now);
      for (const arrived of this.#waiting.take()) {
        if ((await this.#open(keys, arrived)) === "early") {
          this.#refuse(arrived);
        }
      }
    });
  }

  async #open(keys: Keys | null, arrived: Arrived): Promise<Early | "done"> {
    const { frame, way, at } = arrived;
    const data = new Uint8Array(frame.data);
    const opener = this.#opener(keys);
    if (!opener) {
      this.#keyless += Math.min(1, data.length);
    }
    const codec = codecOf(frame.getMetadata());
    const result = opener ? await opener.open(codec, data, at) : "unknown_key";
    if (result === "early") {
      return result;
    }
    if (typeof result !== "string") {
      this.#punctuality.note(codec, result.info.time, at);
      frame.data = result.media.slice().buffer;
      way.deliver(frame);
    } else if (data.length > 0 && LOSSES.has(result)) {
      this.#askForKeyFrame(arrived);
    }
    return "done";
  }

  #refuse(arrived: Arrived): void {
    this.#keyless += 1;
    this.#askForKeyFrame(arrived);
  }

  #askForKeyFrame({ way, at }: Arrived): void {
    if (at - this.#asked >= KEY_FRAME_MS) {
      this.#asked = at;
      way.ask();
    }
  }

  #opener(keys: Keys | null): FrameOpener | null {
    return (this.#to && keys?.opener(this.#to.participant, this.#to.stream)) ?? null;
  }

  #next(action: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
