/** The overview of keyboard shortcuts. */

import { h } from "./dom";
import { words } from "./words";

export function helpTable(): HTMLElement {
  const text = words();
  const rows: readonly (readonly [string, string])[] = [
    ["M", text.keyMicrophone],
    ["V", text.keyCamera],
    ["S", text.keyScreen],
    ["C", text.keyChat],
    ["P", text.keyPeople],
    ["D", text.keyDevices],
    ["?", text.keyHelp],
    ["⇧ L", text.keyLeave],
  ];
  return h(
    "dl",
    { class: "keys" },
    ...rows.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)]),
  );
}
