/** The name of the product, and the switch of languages. */

import type { Language } from "../i18n";
import { DICTIONARIES } from "../i18n";
import { h } from "./dom";
import { language } from "./words";

export function brand(): HTMLElement {
  return h(
    "span",
    { class: "brand" },
    h("span", { class: "logo", attributes: { "aria-hidden": "true" } }),
    h("span", { class: "word" }, "Milkglass"),
  );
}

/** A button named in the language that it switches to. */
export function languageSwitch(change: (language: Language) => void): HTMLElement {
  const other: Language = language() === "de" ? "en" : "de";
  const button = h(
    "button",
    { class: "plain", type: "button", attributes: { lang: other } },
    DICTIONARIES[other].language,
  );
  button.addEventListener("click", () => change(other));
  return button;
}
