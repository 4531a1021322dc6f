/** A row for each function of a call: whether the server could read it, since when, and why. */

import { sum } from "../call/eye";
import { FUNCTIONS, type SeenFunction, type Sheet, type SheetLine } from "../call/sheet";
import { h, setAttribute, setText } from "./dom";
import { type IconName, icon } from "./icons";
import { language, words } from "./words";

const ICONS: Readonly<Record<SeenFunction, IconName>> = {
  audio: "microphone",
  video: "camera",
  screen: "screen",
  chat: "chat",
  roster: "people",
  recording: "record",
  addresses: "link",
  activity: "activity",
};

interface Row {
  readonly element: HTMLElement;
  readonly verdict: HTMLElement;
  readonly since: HTMLElement;
  readonly sentence: HTMLElement;
}

export class FunctionRows {
  readonly element = h("ul", { class: "eye-functions", attributes: { "data-sheet": true } });
  readonly #rows = new Map<SeenFunction, Row>();

  update(sheet: Sheet | null): void {
    for (const name of FUNCTIONS) {
      const line = sheet?.lines.find((one) => one.name === name);
      if (line) {
        this.#draw(this.#row(name), line);
      }
    }
  }

  #row(name: SeenFunction): Row {
    const known = this.#rows.get(name);
    if (known) {
      return known;
    }
    const [verdict, since, sentence] = [h("b"), h("span", { class: "since" }), h("p")];
    const title = words().seeing.functions[name];
    const head = h("div", {}, h("span", { class: "name" }, title), verdict, since);
    const element = h(
      "li",
      { attributes: { "data-function": name } },
      icon(ICONS[name]),
      h("div", { class: "what" }, head, sentence),
    );
    const row = { element, verdict, since, sentence };
    this.#rows.set(name, row);
    this.element.append(element);
    return row;
  }

  #draw(row: Row, line: SheetLine): void {
    const text = words().seeing;
    setAttribute(row.element, "data-verdict", line.verdict);
    setText(row.verdict, text.verdicts[line.verdict]);
    setText(row.since, line.since === null ? "" : text.since(timeOf(line.since)));
    setText(row.sentence, sentenceOf(line));
    setAttribute(row.element, "title", line.figures ?? undefined);
  }
}

/** Unix time as people read it. */
export function timeOf(seconds: number): string {
  return new Date(1000 * seconds).toLocaleTimeString(language());
}

/** What a line means, for somebody who has never heard of any of it. */
export function sentenceOf(line: SheetLine): string {
  const text = words().seeing;
  const { name, verdict } = line;
  if (name === "roster" || name === "addresses" || name === "activity") {
    return text[name];
  }
  if (verdict === "none") {
    return text.none;
  }
  if (name === "chat") {
    return text.chat[verdict](line.lines === 1 ? text.line : text.lines(String(line.lines)));
  }
  if (name === "recording") {
    return text.recording[verdict];
  }
  const tries = sum(line.tries);
  if (verdict === "readable") {
    const { readable } = line.tries;
    return readable > 0 ? text.reads[name](String(readable), String(tries)) : text.couldRead[name];
  }
  return line.tries.opaque > 0 ? text.noise(timesOf(tries)) : text.untried;
}

/** How often, in words. */
export function timesOf(count: number): string {
  return count === 1 ? words().seeing.once : words().seeing.times(String(count));
}
