/** What must not be overlooked: a call that cannot be relied on, and people who are not who they were. */

import type { Call } from "../call/call";
import { dangers, type Person, suspects } from "../call/roster";
import { openDialog } from "./dialogs";
import { h, setChildren } from "./dom";
import { icon } from "./icons";
import { words } from "./words";

export class AlertBar {
  readonly element = h("div", { class: "alerts", attributes: { role: "alert" } });
  readonly #call: Call;
  readonly #openLock: () => void;
  readonly #lines = new Map<string, HTMLElement>();

  constructor(call: Call, openLock: () => void) {
    this.#call = call;
    this.#openLock = openLock;
  }

  update(): void {
    const text = words();
    const { state } = this.#call;
    const lines =
      dangers(state).length > 0
        ? [this.#line("alarm", "red", text.lockAlarm, text.whatIsThat, this.#openLock)]
        : [];
    for (const suspect of suspects(state)) {
      const decide = () => askAbout(this.#call, suspect);
      const key = `${suspect.person} ${suspect.name}`;
      lines.push(this.#line(key, "warm", text.changed(suspect.name), text.decide, decide));
    }
    setChildren(this.element, lines);
  }

  #line(key: string, kind: string, text: string, label: string, run: () => void): HTMLElement {
    const known = this.#lines.get(key);
    if (known) {
      return known;
    }
    const button = h("button", { type: "button" }, label);
    button.addEventListener("click", run);
    const line = h("p", { class: kind }, icon("warning"), h("span", {}, text), button);
    this.#lines.set(key, line);
    return line;
  }
}

/** Ask whether somebody may have a name that somebody else had. */
export function askAbout(call: Call, suspect: Person): void {
  const text = words();
  const yes = h("button", { class: "danger", type: "button" }, text.acceptChange);
  const no = h("button", { type: "button" }, text.notNow);
  const dialog = openDialog(
    text.changedTitle(suspect.name),
    ...text.changedText.map((sentence) => h("p", {}, sentence)),
    h("div", { class: "row end" }, no, yes),
  );
  no.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => {
    dialog.close();
    call.accept(suspect.members);
  });
  no.focus();
}
