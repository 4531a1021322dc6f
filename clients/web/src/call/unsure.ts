/** Reading values of which nothing is sure yet. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A finite number, or null. */
export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Unix time that a calendar has, or null. */
export function momentOf(value: unknown): number | null {
  const seconds = numberOf(value);
  return seconds !== null && seconds >= 0 && seconds < 1e11 ? seconds : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Whole numbers from `least` to `most`, so many at most; null if anything else is there. */
export function numbersOf(
  value: unknown,
  bounds: { readonly least: number; readonly most: number; readonly count: number },
): number[] | null {
  if (!Array.isArray(value) || value.length > bounds.count) {
    return null;
  }
  const fits = (one: unknown) =>
    Number.isInteger(one) && Number(one) >= bounds.least && Number(one) <= bounds.most;
  return value.every(fits) ? (value as number[]) : null;
}
