/** The language that the page speaks now. */

import { DICTIONARIES, type Dictionary, type Language } from "../i18n";

let current: Language = "en";

export function language(): Language {
  return current;
}

export function words(): Dictionary {
  return DICTIONARIES[current];
}

/** Speak another language from now on; what is on the screen has to be drawn again. */
export function speak(language: Language): void {
  current = language;
  document.documentElement.lang = language;
}
