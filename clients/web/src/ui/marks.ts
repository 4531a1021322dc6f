/** The small signs and buttons of a row of people. */

import { h } from "./dom";
import { type IconName, icon } from "./icons";
import { words } from "./words";

export function badge(text: string): HTMLElement {
  return h("span", { class: "badge" }, text);
}

export function mutedMark(): HTMLElement {
  return mark("microphoneOff", words().muted);
}

export function strangerMark(): HTMLElement {
  return mark("warning", words().anotherKey);
}

/** An icon with words for those who do not see it. */
export function mark(name: IconName, label: string, kind = ""): HTMLElement {
  return h(
    "span",
    { class: `mark ${kind}`.trim(), title: label },
    icon(name),
    h("span", { class: "unseen" }, label),
  );
}

export function actionButton(name: IconName, label: string, run: () => void): HTMLElement {
  return h(
    "button",
    {
      class: "plain",
      type: "button",
      title: label,
      attributes: { "aria-label": label },
      on: { click: run },
    },
    icon(name),
  );
}
