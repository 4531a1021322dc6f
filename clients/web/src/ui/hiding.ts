/** The box that hides in packets when a person speaks, and what that costs. */

import type { Concealment } from "../call/concealment";
import { h } from "./dom";
import { words } from "./words";

export function hidingBox(concealment: Concealment): HTMLElement {
  const text = words();
  const box = h("input", {
    type: "checkbox",
    attributes: { name: "hiding", "aria-describedby": "hiding-hint" },
  });
  box.checked = concealment.isOn;
  box.addEventListener("change", () => {
    concealment.isOn = box.checked;
  });
  return h(
    "div",
    { class: "option" },
    h("label", { class: "check" }, box, h("span", {}, text.hideSpeech)),
    h("small", { id: "hiding-hint" }, text.hideSpeechText),
  );
}
