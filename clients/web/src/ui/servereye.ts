/** The server's eye: beside the lock a few words on what the server could see, and a way to more. */

import type { Call } from "../call/call";
import { type EyeState, eyeState } from "../call/eye";
import type { Sheet } from "../call/sheet";
import { h, setAttribute, setText } from "./dom";
import { openEyePanel } from "./eyepanel";
import { icon } from "./icons";
import { words } from "./words";

/** Milliseconds between two looks at the sheet, where the server tries to read and where not. */
const INTERVAL = 3_000;
const CALM_INTERVAL = 12_000;

export class ServerEye {
  /** In the header. */
  readonly button = h("button", { type: "button", attributes: { "aria-haspopup": "dialog" } });
  /** For what must not be overlooked: the server reads what this page seals. */
  readonly alarm: HTMLElement;
  readonly #call: Call;
  readonly #label = h("span");
  #drawn: EyeState | null = null;
  #state: EyeState = "unknown";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = false;
  readonly #more: HTMLElement;

  constructor(call: Call) {
    this.#call = call;
    this.alarm = h("div", {
      class: "alerts",
      attributes: { role: "alert", "data-eye-alarm": true },
    });
    this.#more = h("button", { type: "button" }, words().seeing.whatIsThat);
    for (const button of [this.button, this.#more]) {
      button.addEventListener("click", () => this.open());
    }
    this.#draw();
  }

  /** Begin to look as soon as we are in the room. */
  update(): void {
    if (!this.#asked && this.#call.phase === "joined") {
      this.#asked = true;
      void this.#look();
    }
  }

  dispose(): void {
    this.#asked = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#timer = null;
  }

  open(): void {
    openEyePanel(this.#call, (sheet) => this.#learn(sheet));
  }

  async #look(): Promise<void> {
    if (!document.hidden) {
      this.#learn(await this.#call.askSheet());
    }
    if (this.#call.phase !== "over") {
      const interval = this.#call.state.witness ? INTERVAL : CALM_INTERVAL;
      this.#timer = setTimeout(() => void this.#look(), interval);
    }
  }

  #learn(sheet: Sheet | null): void {
    if (sheet === null && this.#state === "alarm") {
      return; // to fall silent is no way out
    }
    this.#state = eyeState(sheet, this.#call.state.mode);
    this.#draw();
  }

  #draw(): void {
    const state = this.#state;
    if (state === this.#drawn) {
      return;
    }
    this.#drawn = state;
    const text = words().seeing;
    const label = text.chip[state];
    setAttribute(this.button, "class", `plain eye ${state}`);
    setAttribute(this.button, "data-eye", state);
    setAttribute(this.button, "aria-label", label);
    setAttribute(this.button, "title", text.title[state]);
    setText(this.#label, label);
    this.button.replaceChildren(icon(state === "alarm" ? "warning" : "eye"), this.#label);
    const line = h("p", { class: "red" }, icon("warning"), h("span", {}, text.title.alarm));
    line.append(this.#more);
    this.alarm.replaceChildren(...(state === "alarm" ? [line] : []));
  }
}
