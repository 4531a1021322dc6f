/** Windows in the window; the browser keeps the focus inside and closes them on Escape. */

import { type Child, h } from "./dom";
import { icon } from "./icons";
import { words } from "./words";

/** Open a dialog with a title and a way to close it; it is gone once it closes. */
export function openDialog(title: string, ...content: readonly Child[]): HTMLDialogElement {
  const close = h(
    "button",
    { class: "plain", type: "button", attributes: { "aria-label": words().close } },
    icon("close"),
  );
  const dialog = h(
    "dialog",
    { class: "panel", attributes: { "aria-label": title } },
    h("header", {}, h("h2", {}, title), close),
    ...content,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      dialog.close();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** What was asked is moot, because the screen behind it has changed. */
export function closeDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.close();
  }
}

/** Ask before something that cannot be undone. */
export function confirmDialog(question: string, action: string, run: () => void): void {
  const yes = h("button", { class: "danger", type: "button" }, action);
  const no = h("button", { type: "button" }, words().cancel);
  const dialog = openDialog(question, h("div", { class: "row end" }, no, yes));
  no.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => {
    dialog.close();
    run();
  });
  no.focus();
}
