/** Whether a call is to be encrypted end to end, and by which secret. */

import type { LinkSecret } from "../settings";
import { openDevices } from "./devicesheet";
import { h } from "./dom";
import { words } from "./words";

/** Where the keys come from. */
export type SealingChoice = "off" | "group" | "link" | "passphrase";

const LONGEST_PASSPHRASE = 256;

export class SealingMenu {
  readonly element: HTMLElement;
  readonly #box = h("input", { type: "checkbox", attributes: { name: "sealing" } });
  readonly #how = h("select", { attributes: { name: "secret" } });
  readonly #howField: HTMLElement;
  readonly #passphrase = h("input", {
    type: "password",
    attributes: { name: "passphrase", maxlength: LONGEST_PASSPHRASE, autocomplete: "off" },
  });
  readonly #passphraseField: HTMLElement;
  readonly #hint = h("small", { id: "sealing-hint" });
  readonly #devices = h("button", { class: "plain small", type: "button" }, words().yourDevices);
  readonly #link: LinkSecret | null;

  /**
   * A link with a secret or a salt in it leaves no choice. `complain` is told when there can be no
   * device here.
   */
  constructor(choice: SealingChoice, link: LinkSecret | null, complain: () => void) {
    const text = words();
    this.#link = link;
    this.#box.checked = choice !== "off";
    this.#box.disabled = link !== null;
    this.#box.setAttribute("aria-describedby", "sealing-hint");
    this.#how.append(
      h("option", { attributes: { value: "group" } }, text.secretOfGroup),
      h("option", { attributes: { value: "link" } }, text.secretInLink),
      h("option", { attributes: { value: "passphrase" } }, text.secretIsPassphrase),
    );
    this.#how.value = choice === "off" ? "group" : choice;
    this.#howField = h("label", { class: "field" }, h("span", {}, text.secretHow), this.#how);
    this.#passphraseField = h(
      "label",
      { class: "field" },
      h("span", {}, text.passphrase),
      this.#passphrase,
      h("small", {}, text.passphraseHint),
    );
    this.element = h(
      "div",
      { class: "sealing" },
      h("label", { class: "check" }, this.#box, h("span", {}, text.sealing)),
      this.#hint,
      this.#howField,
      this.#passphraseField,
      this.#devices,
    );
    this.#devices.addEventListener("click", () => void openDevices(false).catch(complain));
    this.#passphrase.addEventListener("input", () =>
      this.#passphrase.removeAttribute("aria-invalid"),
    );
    for (const control of [this.#box, this.#how]) {
      control.addEventListener("change", () => this.#draw());
    }
    this.#draw();
  }

  get choice(): SealingChoice {
    if (!this.#box.checked) {
      return "off";
    }
    const { value } = this.#how;
    return value === "passphrase" || value === "link" ? value : "group";
  }

  /** Exactly as typed: blanks count. */
  get passphrase(): string {
    return this.#passphrase.value;
  }

  /** The field for the passphrase, if it is needed and empty. */
  get missing(): HTMLInputElement | null {
    return this.choice === "passphrase" && this.passphrase === "" ? this.#passphrase : null;
  }

  #draw(): void {
    const { choice } = this;
    const text = words();
    this.#howField.hidden = choice === "off" || this.#link !== null;
    this.#passphraseField.hidden = choice !== "passphrase";
    this.#devices.hidden = choice !== "group";
    const meaning = choice === "off" ? text.lockOffText : text.lockSharedText[choice];
    this.#hint.textContent = this.#link ? `${text.sealingForced} ${meaning}` : meaning;
  }
}
