/** The lock of a call: what it protects from, and what not. */

import type { LinkSecret } from "../settings";
import { openDialog } from "./dialogs";
import { h } from "./dom";
import { icon } from "./icons";
import { words } from "./words";

/** A button in the header; null for a call that is not sealed. */
export function lockButton(link: LinkSecret | null): HTMLElement {
  const text = words();
  const label = link ? text.lockShared : text.lockOff;
  const button = h(
    "button",
    {
      class: link ? "plain lock on" : "plain lock",
      type: "button",
      title: link ? sharedText(link) : text.lockOffText,
      attributes: { "aria-label": label, "data-lock": link ? "shared" : "off" },
    },
    icon(link ? "lock" : "lockOpen"),
    h("span", {}, label),
  );
  button.addEventListener("click", () => openDialog(label, ...explain(link)));
  return button;
}

function explain(link: LinkSecret | null): HTMLElement[] {
  const text = words();
  const sentences = link ? [sharedText(link), ...text.lockSharedMore] : [text.lockOffText];
  return sentences.map((sentence) => h("p", {}, sentence));
}

function sharedText({ kind }: LinkSecret): string {
  return words().lockSharedText[kind === "key" ? "link" : "passphrase"];
}
