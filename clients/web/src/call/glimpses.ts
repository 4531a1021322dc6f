/** What the server got out of each stream when it tried: pictures and sounds, or nothing. */

import { isRecord, numberOf, numbersOf, textOf } from "./unsure";

/** The last thing that was got out of one stream. */
export interface Look {
  readonly participant: string;
  readonly publication: string;
  readonly seen: "readable" | "opaque" | "undecided" | null;
  readonly figures: string | null;
  readonly tries: number;
  /** Unix time, by the server's clock. */
  readonly taken: number | null;
  /** The address of an image. */
  readonly picture: string | null;
  /** In dB, of each fiftieth of a second. */
  readonly loudness: readonly number[] | null;
  /** Levels from 0 to 15 of the same pieces, low tones first. */
  readonly spectrogram: readonly (readonly number[])[] | null;
}

export interface Glimpses {
  /** Unix time, by the server's clock. */
  readonly written: number;
  readonly looks: readonly Look[];
}

export const LOUDEST_LEVEL = 15;
export const SILENCE_DB = -100;
const MOST_COLUMNS = 50;
const MOST_BANDS = 64;
const MOST_BASE64 = 16_384;

/** What a server's answer shows, or null. */
export function parseGlimpses(value: unknown): Glimpses | null {
  if (!isRecord(value) || !Array.isArray(value.streams)) {
    return null;
  }
  const looks = value.streams.flatMap((stream: unknown) => parseLook(stream) ?? []);
  return { written: numberOf(value.written) ?? 0, looks };
}

function parseLook(stream: unknown): Look | null {
  if (!isRecord(stream)) {
    return null;
  }
  const [participant, publication] = [textOf(stream.participant), textOf(stream.publication)];
  if (participant === null || publication === null) {
    return null;
  }
  const { seen } = stream;
  return {
    participant,
    publication,
    seen: seen === "readable" || seen === "opaque" || seen === "undecided" ? seen : null,
    figures: textOf(stream.figures),
    tries: numberOf(stream.tries) ?? 0,
    taken: numberOf(stream.taken),
    picture: pictureOf(stream.picture),
    loudness: numbersOf(stream.loudness, { least: SILENCE_DB, most: 0, count: MOST_COLUMNS }),
    spectrogram: spectrogramOf(stream.spectrogram),
  };
}

/** Whatever the bytes are: an image is all that the page makes of them. */
function pictureOf(value: unknown): string | null {
  const isBase64 =
    typeof value === "string" && value.length <= MOST_BASE64 && /^[A-Za-z0-9+/]+=*$/.test(value);
  return isBase64 ? `data:image/jpeg;base64,${value}` : null;
}

function spectrogramOf(value: unknown): number[][] | null {
  if (!Array.isArray(value) || value.length > MOST_COLUMNS) {
    return null;
  }
  const bounds = { least: 0, most: LOUDEST_LEVEL, count: MOST_BANDS };
  const columns = value.flatMap((column: unknown) => {
    const levels = numbersOf(column, bounds);
    return levels ? [levels] : [];
  });
  return columns.length === value.length ? columns : null;
}
