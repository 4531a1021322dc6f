/** The server's own report of what it could see in a room (docs/visibility.md). */

import { isRecord, momentOf, numberOf, textOf } from "./unsure";

export const FUNCTIONS = [
  "audio",
  "video",
  "screen",
  "chat",
  "roster",
  "recording",
  "addresses",
  "activity",
] as const;

export type SeenFunction = (typeof FUNCTIONS)[number];
export type SeenVerdict = "none" | "readable" | "opaque";

/** What became of the samples that the server tried to read. */
export interface Tries {
  readonly readable: number;
  readonly opaque: number;
  readonly undecided: number;
}

export interface SheetLine {
  readonly name: SeenFunction;
  readonly verdict: SeenVerdict;
  /** Unix time; null for nothing. */
  readonly since: number | null;
  readonly tries: Tries;
  /** Lines of chat. */
  readonly lines: number;
  /** What was measured, in the server's words. */
  readonly figures: string | null;
  /** All of the evidence that is a number or a word, in the server's words. */
  readonly evidence: readonly (readonly [string, string])[];
}

/** What sizes and times of packets alone tell; null is what they do not. */
export interface Inferred {
  readonly kind: "audio" | "video" | null;
  readonly speaking: boolean | null;
  readonly keyFrames: number;
  readonly changes: number;
}

export interface SheetStream {
  readonly participant: string;
  readonly publication: string;
  readonly name: string;
  readonly bytes: number;
  readonly depth: string;
  readonly seen: string | null;
  readonly figures: string | null;
  readonly inferred: Inferred | null;
}

export interface Sheet {
  readonly witness: boolean;
  /** Unix time. */
  readonly written: number;
  readonly lines: readonly SheetLine[];
  readonly streams: readonly SheetStream[];
  /** As it came. */
  readonly source: unknown;
}

const VERDICTS: ReadonlySet<unknown> = new Set<SeenVerdict>(["none", "readable", "opaque"]);

/** Ask for something of a room's visibility; null if the server has none for us. */
export async function fetchVisibility<Found>(
  room: string,
  token: string | null,
  part: "" | "/glimpses",
  parse: (value: unknown) => Found | null,
): Promise<Found | null> {
  const headers: Record<string, string> =
    token === null ? {} : { Authorization: `Bearer ${token}` };
  try {
    const path = `/rooms/${encodeURIComponent(room)}/visibility${part}`;
    const answer = await fetch(path, { headers });
    return answer.ok ? parse(await answer.json()) : null;
  } catch {
    return null;
  }
}

/** The sheet that a server's answer is, or null; lines that we do not know are left out. */
export function parseSheet(value: unknown): Sheet | null {
  if (!isRecord(value) || !Array.isArray(value.functions)) {
    return null;
  }
  const streams = Array.isArray(value.streams) ? value.streams : [];
  return {
    witness: value.witness === true,
    written: momentOf(value.written) ?? 0,
    lines: value.functions.flatMap((line: unknown) => parseLine(line) ?? []),
    streams: streams.flatMap((stream: unknown) => parseStream(stream) ?? []),
    source: value,
  };
}

function parseLine(line: unknown): SheetLine | null {
  if (!isRecord(line) || !VERDICTS.has(line.verdict)) {
    return null;
  }
  const name = FUNCTIONS.find((known) => known === line.function);
  if (name === undefined) {
    return null;
  }
  const evidence = isRecord(line.evidence) ? line.evidence : {};
  const witness = isRecord(evidence.witness) ? evidence.witness : {};
  return {
    name,
    verdict: line.verdict as SeenVerdict,
    since: momentOf(line.since),
    tries: {
      readable: numberOf(witness.readable) ?? 0,
      opaque: numberOf(witness.opaque) ?? 0,
      undecided: numberOf(witness.undecided) ?? 0,
    },
    lines: numberOf(evidence.lines) ?? 0,
    figures: textOf(witness.figures),
    evidence: Object.entries({ ...evidence, ...witness }).flatMap(([key, entry]) =>
      typeof entry === "number" || typeof entry === "string" ? [[key, String(entry)] as const] : [],
    ),
  };
}

function parseStream(stream: unknown): SheetStream | null {
  if (!isRecord(stream)) {
    return null;
  }
  const [participant, publication] = [textOf(stream.participant), textOf(stream.publication)];
  if (participant === null || publication === null) {
    return null;
  }
  return {
    participant,
    publication,
    name: textOf(stream.function) ?? "",
    bytes: numberOf(stream.bytes) ?? 0,
    depth: textOf(stream.depth) ?? "",
    seen: textOf(stream.seen),
    figures: textOf(stream.figures),
    inferred: isRecord(stream.inferred) ? parseInferred(stream.inferred) : null,
  };
}

function parseInferred(value: Record<string, unknown>): Inferred {
  const { kind, speaking } = value;
  return {
    kind: kind === "audio" || kind === "video" ? kind : null,
    speaking: typeof speaking === "boolean" ? speaking : null,
    keyFrames: numberOf(value.key_frames) ?? 0,
    changes: numberOf(value.changes) ?? 0,
  };
}
