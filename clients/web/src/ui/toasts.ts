/** Short messages that come and go, read out by screen readers. */

import { h } from "./dom";

const SHOWN_MS = 6000;
const MOST = 4;

export interface ToastAction {
  readonly label: string;
  run(): void;
}

export class Toasts {
  readonly element = h("div", {
    class: "toasts",
    attributes: { role: "status", "aria-live": "polite" },
  });

  /** Show a sentence for some seconds; with an action it stays until it is answered. */
  show(text: string, actions: readonly ToastAction[] = []): void {
    const toast = h("div", { class: "toast" }, h("span", {}, text));
    for (const { label, run } of actions) {
      const button = h("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        toast.remove();
        run();
      });
      toast.append(button);
    }
    this.element.append(toast);
    while (this.element.childElementCount > MOST) {
      this.element.firstElementChild?.remove();
    }
    if (actions.length === 0) {
      setTimeout(() => toast.remove(), SHOWN_MS);
    }
  }
}
