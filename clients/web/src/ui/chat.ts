/** The chat, and the word who can read it. */

import type { Call } from "../call/call";
import type { ChatLine } from "../call/state";
import type { Mode } from "../protocol/messages";
import { h } from "./dom";
import { icon } from "./icons";
import { words } from "./words";

const LONGEST = 4000;

export class Chat {
  readonly element: HTMLElement;
  readonly #call: Call;
  readonly #lines = h("ol", { class: "lines", attributes: { tabindex: 0 } });
  readonly #empty = h("p", { class: "empty" }, words().chatEmpty);
  readonly #input: HTMLTextAreaElement;
  readonly #complain: (text: string) => void;
  #lastDrawn = 0;

  /** `complain` is told in a sentence when a message could not be sent. */
  constructor(call: Call, complain: (text: string) => void) {
    this.#call = call;
    this.#complain = complain;
    this.#input = h("textarea", {
      attributes: {
        rows: 1,
        maxlength: LONGEST,
        placeholder: words().message,
        "aria-label": words().message,
      },
    });
    this.#lines.setAttribute("aria-label", words().chat);
    this.element = h(
      "div",
      { class: "body chat" },
      whoReads(call.state.mode),
      this.#empty,
      this.#lines,
      this.#form(),
    );
  }

  focus(): void {
    this.#input.focus();
    this.#scroll();
  }

  update(): void {
    const fresh = this.#call.state.chat.filter(({ number }) => number > this.#lastDrawn);
    if (fresh.length === 0) {
      return;
    }
    this.#empty.remove();
    this.#lines.append(...fresh.map((line) => this.#draw(line)));
    this.#lastDrawn = fresh.at(-1)?.number ?? this.#lastDrawn;
    while (this.#lines.childElementCount > this.#call.state.chat.length) {
      this.#lines.firstElementChild?.remove();
    }
    this.#scroll();
  }

  #draw(line: ChatLine): HTMLElement {
    const own = line.participant === this.#call.state.self;
    if (line.text === null) {
      const warning = h("span", {}, words().unopenedLine);
      return h("li", { class: "unopened" }, icon("warning"), h("b", {}, line.name), warning);
    }
    return h("li", { class: own ? "own" : "" }, h("b", {}, line.name), h("span", {}, line.text));
  }

  #form(): HTMLElement {
    const label = words().send;
    const button = h(
      "button",
      { type: "submit", class: "accent", attributes: { "aria-label": label } },
      icon("send"),
    );
    const form = h("form", { class: "write" }, this.#input, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        void this.#send();
      }
    });
    return form;
  }

  async #send(): Promise<void> {
    const text = this.#input.value.trim();
    if (text === "") {
      return;
    }
    this.#input.value = "";
    if (!(await this.#call.sendChat(text))) {
      this.#input.value ||= text;
      this.#complain(words().notSent);
    }
  }

  #scroll(): void {
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}

function whoReads(mode: Mode): HTMLElement {
  const text = words();
  if (mode === "hop") {
    return h("p", { class: "notice" }, text.chatReadable);
  }
  return h("p", { class: "quiet" }, mode === "e2ee-mls" ? text.chatOfGroup : text.chatSealed);
}
