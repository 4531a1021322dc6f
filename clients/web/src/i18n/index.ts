/** The languages of the page, and which one to speak. */

import { de } from "./de";
import { en } from "./en";
import type { Shape } from "./shape";

export type Dictionary = Shape<typeof en>;
export type Language = "en" | "de";

export const DICTIONARIES: Readonly<Record<Language, Dictionary>> = { en, de };

/** The first wanted language that we speak, else English; `de-AT` is German. */
export function chooseLanguage(wanted: readonly (string | null)[]): Language {
  for (const tag of wanted) {
    const primary = tag?.toLowerCase().split("-")[0];
    if (primary === "de" || primary === "en") {
      return primary;
    }
  }
  return "en";
}

/** A refusal of the server in the person's language, or in the server's words. */
export function problemText(words: Dictionary, problem: { code: string; reason: string }): string {
  return words.problems[problem.code] ?? problem.reason;
}
