/** The server's eye: that it tries to read the call, and what it says it could see. */

import type { Call } from "../call/call";
import type { Sheet } from "../call/sheet";
import { openDialog } from "./dialogs";
import { h } from "./dom";
import { icon } from "./icons";
import { words } from "./words";

/** Milliseconds between two looks, while the dialog is open. */
const INTERVAL = 2_000;

export class ServerEye {
  /** In the header, as long as the server tries. */
  readonly button: HTMLElement;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
    const text = words();
    this.button = h(
      "button",
      { class: "plain", type: "button", title: text.eyeOn, attributes: { "data-eye": true } },
      icon("eye"),
      h("span", {}, text.eye),
    );
    this.button.addEventListener("click", () => this.#open());
    this.update();
  }

  update(): void {
    this.button.hidden = !this.#call.state.witness;
  }

  #open(): void {
    const list = h("dl", { attributes: { "data-sheet": true } });
    const text = words();
    const dialog = openDialog(
      text.eye,
      h("p", {}, text.eyeOn),
      list,
      h("p", { class: "small" }, text.eyeReport),
    );
    const look = async () => draw(list, await this.#call.askSheet());
    const timer = setInterval(() => void look(), INTERVAL);
    dialog.addEventListener("close", () => clearInterval(timer));
    void look();
  }
}

function draw(list: HTMLElement, sheet: Sheet | null): void {
  const text = words();
  if (sheet === null) {
    list.replaceChildren(h("dt", {}, text.eyeSilent));
    return;
  }
  const rows = sheet.lines.map(({ name, verdict, figures }) => {
    const word = h("dd", { attributes: { "data-seen": verdict } }, text.seen[verdict]);
    if (figures !== null) {
      word.title = figures;
    }
    return [h("dt", { attributes: { "data-function": name } }, text.seenFunctions[name]), word];
  });
  list.replaceChildren(...rows.flat());
}
