/** The screen after a call: why it is over, and the way in again. No camera is on here. */

import type { Language } from "../i18n";
import { brand, languageSwitch } from "./brand";
import { h } from "./dom";
import type { Screen } from "./screen";
import { words } from "./words";

export interface EndOptions {
  readonly message: string;
  joinAgain(): void;
  changeLanguage(language: Language): void;
}

export class EndScreen implements Screen {
  readonly element: HTMLElement;
  readonly #again: HTMLButtonElement;

  constructor({ message, joinAgain, changeLanguage }: EndOptions) {
    this.#again = h("button", { class: "accent wide", type: "button" }, words().joinAgain);
    this.#again.addEventListener("click", joinAgain);
    this.element = h(
      "main",
      { class: "join" },
      h(
        "header",
        { class: "top" },
        brand(),
        h("span", { class: "space" }),
        languageSwitch(changeLanguage),
      ),
      h(
        "section",
        { class: "panel farewell" },
        h("h1", { attributes: { role: "status" } }, message),
        this.#again,
      ),
    );
  }

  focus(): void {
    this.#again.focus();
  }

  dispose(): void {
    this.element.remove();
  }
}
