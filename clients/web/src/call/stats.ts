/** getStats, reduced to what the page shows. */

import type { Identifier, MediaSource } from "../protocol/messages";

const HISTORY = 60;

/** One second of one track. */
export interface Sample {
  readonly kbps: number;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** `VP9`, without `video/`. */
  readonly codec: string;
  /** What the encoder really does; only for our own video, only where the browser tells. */
  readonly scalabilityMode: string;
}

export interface TrackStats {
  readonly latest: Sample;
  /** Bitrates in kbit/s, oldest first, one a second. */
  readonly history: readonly number[];
}

type Counters = Record<string, unknown>;

interface Counted {
  readonly bytes: number;
  readonly at: number;
}

const INBOUND_FIELDS = [
  "frameWidth",
  "frameHeight",
  "framesPerSecond",
  "framesDecoded",
  "framesDropped",
  "keyFramesDecoded",
  "freezeCount",
  "totalFreezesDuration",
  "packetsReceived",
  "packetsLost",
  "bytesReceived",
  "nackCount",
  "pliCount",
  "jitter",
  "jitterBufferDelay",
  "jitterBufferEmittedCount",
  "totalAudioEnergy",
  "totalSamplesReceived",
  "concealedSamples",
  "decoderImplementation",
] as const;

/** Keeps what is needed to turn counters into rates. `now` is in milliseconds everywhere. */
export class StatsBook {
  readonly #counted = new Map<string, Counted>();
  readonly #tracks = new Map<string, TrackStats>();

  get(key: Identifier | MediaSource): TrackStats | null {
    return this.#tracks.get(key) ?? null;
  }

  /** Take in a report. The maps say by mid which publication arrives and which source leaves. */
  read(
    report: RTCStatsReport,
    received: ReadonlyMap<string, Identifier>,
    published: ReadonlyMap<string, MediaSource>,
  ): void {
    const all = new Map<string, Counters>(report);
    const seen = new Set<string>();
    for (const [mid, key] of [...received, ...published]) {
      const kind = received.has(mid) ? "inbound-rtp" : "outbound-rtp";
      const rtp = newest(all.values(), kind, mid);
      if (rtp) {
        seen.add(key);
        this.#note(key, rtp, codecName(all, rtp));
      }
    }
    this.#forgetAllBut(seen);
  }

  #note(key: string, rtp: Counters, codec: string): void {
    const bytes = number(rtp, "bytesReceived") || number(rtp, "bytesSent");
    const at = number(rtp, "timestamp");
    const latest: Sample = {
      kbps: rate(this.#counted.get(key), bytes, at),
      width: number(rtp, "frameWidth"),
      height: number(rtp, "frameHeight"),
      framesPerSecond: number(rtp, "framesPerSecond"),
      codec,
      scalabilityMode: text(rtp, "scalabilityMode"),
    };
    const history = [...(this.#tracks.get(key)?.history ?? []), latest.kbps].slice(-HISTORY);
    this.#counted.set(key, { bytes, at });
    this.#tracks.set(key, { latest, history });
  }

  #forgetAllBut(seen: ReadonlySet<string>): void {
    for (const key of this.#tracks.keys()) {
      if (!seen.has(key)) {
        this.#tracks.delete(key);
        this.#counted.delete(key);
      }
    }
  }
}

/** The counters of what arrives on an m-line, for tests and curious people. */
export function inboundFields(report: RTCStatsReport, mid: string): Record<string, unknown> | null {
  const rtp = newest(report.values(), "inbound-rtp", mid);
  return rtp && Object.fromEntries(INBOUND_FIELDS.map((name) => [name, rtp[name] ?? null]));
}

/** A used-again m-line may list its former stream too; the one with the latest packet counts. */
function newest(all: Iterable<Counters>, kind: string, mid: string): Counters | null {
  let best: Counters | null = null;
  for (const stats of all) {
    if (stats.type === kind && stats.mid === mid) {
      const age = (of: Counters) => number(of, "lastPacketReceivedTimestamp");
      best = best === null || age(stats) > age(best) ? stats : best;
    }
  }
  return best;
}

function rate(before: Counted | undefined, bytes: number, at: number): number {
  if (!before || at <= before.at || bytes < before.bytes) {
    return 0;
  }
  return ((bytes - before.bytes) * 8) / (at - before.at);
}

function codecName(all: ReadonlyMap<string, Counters>, rtp: Counters): string {
  const codec = all.get(text(rtp, "codecId"));
  return codec ? (text(codec, "mimeType").split("/")[1] ?? "") : "";
}

function number(of: Counters, name: string): number {
  const value = of[name];
  return typeof value === "number" ? value : 0;
}

function text(of: Counters, name: string): string {
  const value = of[name];
  return typeof value === "string" ? value : "";
}
