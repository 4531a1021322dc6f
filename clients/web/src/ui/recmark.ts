/** That a call is recorded: a mark that nobody can overlook, and what the person says to it. */

import type { Call } from "../call/call";
import { openDialog } from "./dialogs";
import { h, setAttribute, setText } from "./dom";
import { words } from "./words";

export class RecMark {
  /** In the header; it opens the dialog again. */
  readonly button: HTMLElement;
  /** Above the list of people. */
  readonly line = h("p", { class: "rec", attributes: { hidden: true } });
  readonly #call: Call;
  #dialog: HTMLDialogElement | null = null;

  constructor(call: Call) {
    this.#call = call;
    this.button = h(
      "button",
      { class: "plain rec", type: "button", attributes: { hidden: true, "data-rec": true } },
      h("span", { class: "dot", attributes: { "aria-hidden": "true" } }),
      h("span", {}, words().rec),
    );
    this.button.addEventListener("click", () => this.#open());
  }

  /** Draw what is different now, and ask whom nobody has asked yet. */
  update(): void {
    const { state, consent } = this.#call;
    const shown = state.recording !== null;
    for (const element of [this.button, this.line]) {
      element.hidden = !shown;
    }
    if (!shown) {
      this.#dialog?.close();
      return;
    }
    const text = this.#sentence();
    setText(this.line, text);
    setAttribute(this.button, "title", text);
    setAttribute(this.button, "aria-label", `${words().rec}: ${text}`);
    setAttribute(this.button, "data-consent", consent.answer);
    if (consent.isOpen && state.mayPublish && this.#dialog === null) {
      this.#open();
    }
  }

  #sentence(): string {
    const text = words();
    const { answer } = this.#call.consent;
    if (!this.#call.isSealed) {
      return text.recordedInClear;
    }
    return answer === "given" ? text.recordedWithYou : text.recordedWithoutYou;
  }

  #open(): void {
    const by = this.#call.state.recording?.by ?? null;
    const text = words();
    const title = by ? text.recordedBy(by) : text.recorded;
    this.#dialog = this.#call.isSealed
      ? this.#question(title)
      : openDialog(title, h("p", {}, text.recordedInClear));
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  #question(title: string): HTMLDialogElement {
    const text = words();
    const allow = h(
      "button",
      { type: "button", attributes: { "data-consent": "give" } },
      text.allowRecording,
    );
    const refuse = h(
      "button",
      { type: "button", attributes: { "data-consent": "refuse" } },
      text.refuseRecording,
    );
    const dialog = openDialog(
      title,
      ...text.askRecording.map((sentence) => h("p", {}, sentence)),
      h("p", { class: "small" }, text.recordingKey),
      h("code", { attributes: { "data-recording-key": true } }, this.#key()),
      h("div", { class: "row end" }, refuse, allow),
    );
    allow.addEventListener("click", () => {
      this.#call.consent.give();
      dialog.close();
    });
    refuse.addEventListener("click", () => {
      this.#call.consent.refuse();
      dialog.close();
    });
    refuse.focus();
    return dialog;
  }

  /** The server announced it: only who records knows whether it is theirs. */
  #key(): string {
    const key = this.#call.state.recording?.public_key ?? "";
    return key.match(/.{1,8}/g)?.join(" ") ?? "";
  }

  /** Who closes it without an answer has not allowed anything. */
  #closed(): void {
    this.#dialog = null;
    if (this.#call.consent.isOpen) {
      this.#call.consent.refuse();
    }
  }
}
