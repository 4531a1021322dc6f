/** The words of a layer chip: `HD · S2T2 · 1.4 Mbit/s`. */

import type { Language } from "../i18n";
import type { Layer } from "../protocol/messages";

export interface ChipFacts {
  /** Short side of the picture in lines; 0 is none. */
  readonly lines: number;
  readonly layer: string | null;
  readonly kbps: number;
  /** Frames of a sealed call that could not be opened. */
  readonly refused: number;
  /** What is wrong with the way here, in words. */
  readonly troubles: readonly string[];
}

/**
 * Lines of the short side of what is sent. Size and layer are both the server's word, so that they
 * never contradict each other; what has been decoded lags behind, and counts where the server does
 * not know the size.
 */
export function linesSent(
  layers: readonly Layer[],
  layer: string | null,
  decoded: { readonly width: number; readonly height: number } | null,
): number {
  const sent = layers.find(({ spatial }) => layer?.startsWith(`S${spatial}T`));
  const known = sent && Math.min(sent.width, sent.height);
  return known || (decoded ? Math.min(decoded.width, decoded.height) : 0);
}

/** A picture of so many lines is called base, SD or HD; the border lies between the usual sizes. */
export function sizeName(lines: number): "base" | "sd" | "hd" {
  return lines > 540 ? "hd" : lines > 240 ? "sd" : "base";
}

export function formatBitrate(kbps: number, language: Language): string {
  const mega = kbps >= 1000;
  const value = mega ? kbps / 1000 : kbps;
  const digits = mega ? 1 : 0;
  const number = value.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${number} ${mega ? "Mbit/s" : "kbit/s"}`;
}

export interface ChipWords {
  refusedFrames(count: string): string;
}

/** What arrives, in words; empty while nothing does and nothing is wrong. */
export function chipText(
  facts: ChipFacts,
  names: Readonly<Record<"base" | "sd" | "hd", string>> & ChipWords,
  language: Language,
): string {
  const comes = facts.layer !== null || facts.kbps >= 1;
  const parts = [
    comes && facts.lines > 0 ? names[sizeName(facts.lines)] : "",
    facts.layer ?? "",
    comes ? formatBitrate(facts.kbps, language) : "",
    comes && facts.refused > 0 ? names.refusedFrames(facts.refused.toLocaleString(language)) : "",
    ...facts.troubles,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
