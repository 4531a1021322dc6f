/** The server's own report of what it could see in a room (docs/visibility.md). */

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

export interface SheetLine {
  readonly name: SeenFunction;
  readonly verdict: SeenVerdict;
  /** What the witness measured, in the server's words. */
  readonly figures: string | null;
}

export interface Sheet {
  readonly witness: boolean;
  readonly lines: readonly SheetLine[];
}

const VERDICTS: ReadonlySet<unknown> = new Set<SeenVerdict>(["none", "readable", "opaque"]);

/** Ask for the sheet; null if the server has none for us. */
export async function fetchSheet(room: string, token: string | null): Promise<Sheet | null> {
  const headers: Record<string, string> =
    token === null ? {} : { Authorization: `Bearer ${token}` };
  try {
    const answer = await fetch(`/rooms/${encodeURIComponent(room)}/visibility`, { headers });
    return answer.ok ? parseSheet(await answer.json()) : null;
  } catch {
    return null;
  }
}

/** The sheet that a server's answer is, or null; lines that we do not know are left out. */
export function parseSheet(value: unknown): Sheet | null {
  if (!isRecord(value) || !Array.isArray(value.functions)) {
    return null;
  }
  const lines = value.functions.flatMap((line: unknown) => parseLine(line) ?? []);
  return { witness: value.witness === true, lines };
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
  const figures = typeof witness.figures === "string" ? witness.figures : null;
  return { name, verdict: line.verdict as SeenVerdict, figures };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
