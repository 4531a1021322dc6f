/** What members say to each other, as JSON inside of their messages: docs/mls.md has the table. */

import { type Bytes, utf8 } from "../sealing/bytes";
import { Refused } from "./refused";

export type Counters = Readonly<Record<string, number>>;

export interface FinalCounters {
  readonly epoch: number;
  readonly counters: Counters;
}

export type Said =
  | { readonly kind: "chat"; readonly text: string }
  | {
      readonly kind: "beacon";
      readonly time: number;
      readonly transcript: string;
      readonly counters: Counters;
      readonly final: FinalCounters | null;
    };

export type Numbered = Said & { readonly number: number };

const MAX_TEXT = 4000;
const MAX_COUNTERS = 64;

export function writeSaid(said: Numbered): Bytes {
  return utf8(JSON.stringify(said));
}

/** Throws Refused: members may be hostile too. */
export function readSaid(bytes: Bytes): Numbered {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refused("malformed", "no JSON");
  }
  if (!isNumbered(value)) {
    throw new Refused("malformed", "nothing that members say");
  }
  return value;
}

function isNumbered(value: unknown): value is Numbered {
  if (!isRecord(value) || !isCount(value.number)) {
    return false;
  }
  switch (value.kind) {
    case "chat":
      return isText(value.text, MAX_TEXT);
    case "beacon":
      return (
        isCount(value.time) &&
        isText(value.transcript, 64) &&
        isCounters(value.counters) &&
        (value.final === null || isFinal(value.final))
      );
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === "string" && value.length <= longest;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounters(value: unknown): boolean {
  if (!isRecord(value)) {
    return false;
  }
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_COUNTERS &&
    entries.every(([key, count]) => /^\d{1,2}\.\d$/.test(key) && isCount(count))
  );
}

function isFinal(value: unknown): boolean {
  return isRecord(value) && isCount(value.epoch) && isCounters(value.counters);
}
