/** The panel beside the tiles: people or chat. */

import type { Call } from "../call/call";
import { Chat } from "./chat";
import { h, setText } from "./dom";
import { icon } from "./icons";
import { People } from "./people";
import { words } from "./words";

export type PanelName = "people" | "chat";

export interface PanelEvents {
  /** A sentence for the person. */
  say(text: string): void;
  /** The panel was closed; the focus belongs on the button that opened it. */
  closed(name: PanelName): void;
}

export class SidePanel {
  readonly element: HTMLElement;
  shown: PanelName | null = null;
  /** Lines of chat that came while nobody looked. */
  unread = 0;
  readonly #people: People;
  readonly #chat: Chat;
  readonly #title = h("h2");
  readonly #events: PanelEvents;

  /** `line` stands above the list of people. */
  constructor(call: Call, line: HTMLElement, events: PanelEvents) {
    this.#events = events;
    this.#people = new People(call);
    this.#people.element.prepend(line);
    this.#chat = new Chat(call, events.say);
    const label = words().close;
    const close = h(
      "button",
      { class: "plain", type: "button", attributes: { "aria-label": label } },
      icon("close"),
    );
    close.addEventListener("click", () => this.close());
    this.element = h(
      "aside",
      { class: "side panel", attributes: { hidden: true } },
      h("header", {}, this.#title, close),
      this.#people.element,
      this.#chat.element,
    );
  }

  update(): void {
    this.#people.update();
    this.#chat.update();
  }

  toggle(name: PanelName): void {
    this.#show(this.shown === name ? null : name);
  }

  close(): void {
    const { shown } = this;
    if (shown) {
      this.#show(null);
      this.#events.closed(shown);
    }
  }

  /** Somebody said something. */
  heard(text: string): void {
    if (this.shown !== "chat") {
      this.unread += 1;
      this.#events.say(text);
    }
  }

  #show(name: PanelName | null): void {
    this.shown = name;
    this.element.hidden = name === null;
    this.#people.element.hidden = name !== "people";
    this.#chat.element.hidden = name !== "chat";
    setText(this.#title, name ? words()[name] : "");
    if (name === "chat") {
      this.unread = 0;
      this.#chat.focus();
    }
  }
}
