/** The panel of the server's eye: what it got out of whom, and what it knows of the call. */

import type { Call } from "../call/call";
import { type EyeState, eyeState } from "../call/eye";
import type { Glimpses } from "../call/glimpses";
import type { Sheet } from "../call/sheet";
import { openDialog } from "./dialogs";
import { h, setAttribute, setText } from "./dom";
import { FunctionRows } from "./eyefunctions";
import { PeopleSeen } from "./eyepeople";
import { saveReport } from "./eyereport";
import { type IconName, icon } from "./icons";
import { words } from "./words";

/** Milliseconds between two looks while it is open. */
const INTERVAL = 1_000;

const ICONS: Readonly<Record<EyeState, IconName>> = {
  watches: "eye",
  could: "eye",
  sealed: "lock",
  promised: "lock",
  alarm: "warning",
  quiet: "eye",
  unknown: "eye",
};

/** Open it, and tell what is learnt meanwhile. */
export function openEyePanel(call: Call, learn: (sheet: Sheet | null) => void): void {
  const panel = new EyePanel(call);
  const dialog = openDialog(words().seeing.name, panel.element);
  dialog.classList.add("eye");
  let isOpen = true;
  dialog.addEventListener("close", () => {
    isOpen = false;
    panel.dispose();
  });
  const look = async () => {
    const [sheet, glimpses] = await Promise.all([call.askSheet(), call.askGlimpses()]);
    if (isOpen) {
      learn(sheet);
      panel.update(sheet, glimpses);
      setTimeout(() => void look(), INTERVAL);
    }
  };
  void look();
}

class EyePanel {
  readonly element: HTMLElement;
  readonly #call: Call;
  readonly #mark = h("span", { class: "mark" });
  readonly #title = h("strong");
  readonly #text = h("span");
  readonly #verdict: HTMLElement;
  readonly #people: PeopleSeen;
  readonly #functions = new FunctionRows();
  readonly #save: HTMLButtonElement;
  readonly #saved = h("span", { class: "quiet", attributes: { role: "status" } });
  #state: EyeState | null = null;
  #sheet: Sheet | null = null;

  constructor(call: Call) {
    this.#call = call;
    const text = words().seeing;
    this.#people = new PeopleSeen(call);
    this.#verdict = h(
      "div",
      { class: "eye-verdict", attributes: { role: "status" } },
      this.#mark,
      h("p", {}, this.#title, this.#text),
    );
    this.#save = h(
      "button",
      { type: "button", attributes: { "data-save": true } },
      icon("save"),
      h("span", {}, text.save),
    );
    this.#save.addEventListener("click", () => this.#export());
    const known = section(text.byFunction, this.#functions.element);
    this.element = h(
      "div",
      { class: "eye-body" },
      this.#verdict,
      this.#people.element,
      known,
      h("p", { class: "quiet" }, text.trust),
      h("div", { class: "row end" }, this.#saved, this.#save),
    );
    known.hidden = true;
    this.update(null, null);
  }

  update(sheet: Sheet | null, glimpses: Glimpses | null): void {
    this.#sheet = sheet;
    this.#judge(eyeState(sheet, this.#call.state.mode));
    this.#people.update(sheet, glimpses);
    this.#functions.update(sheet);
    const section = this.#functions.element.parentElement;
    if (section !== null) {
      section.hidden = sheet === null;
    }
    this.#save.disabled = sheet === null;
  }

  dispose(): void {
    this.#people.dispose();
  }

  #judge(state: EyeState): void {
    if (state === this.#state) {
      return;
    }
    this.#state = state;
    const text = words().seeing;
    setAttribute(this.#verdict, "data-state", state);
    setText(this.#title, text.title[state]);
    setText(this.#text, text.text[state]);
    this.#mark.replaceChildren(icon(ICONS[state]));
  }

  #export(): void {
    if (this.#sheet !== null) {
      saveReport(this.#call, this.#sheet);
      setText(this.#saved, words().seeing.saved);
    }
  }
}

function section(title: string, ...content: HTMLElement[]): HTMLElement {
  return h("section", { attributes: { "aria-label": title } }, h("h3", {}, title), ...content);
}
