/** What the server got out of each person's streams: cards that stay while they are updated. */

import type { Call } from "../call/call";
import type { Glimpses, Look } from "../call/glimpses";
import type { Inferred, Sheet } from "../call/sheet";
import { nameOf } from "../call/state";
import type { MediaSource } from "../protocol/messages";
import { h, setChildren, setText } from "./dom";
import { StreamSeen } from "./eyestream";
import { words } from "./words";

const ORDER: readonly MediaSource[] = ["camera", "screen", "microphone", "screen_audio"];

interface Card {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly streams: HTMLElement;
}

export class PeopleSeen {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "eye-people", attributes: { "data-people-seen": true } });
  readonly #call: Call;
  readonly #cards = new Map<string, Card>();
  readonly #streams = new Map<string, StreamSeen>();

  constructor(call: Call) {
    this.#call = call;
    const title = words().seeing.byPerson;
    this.element = h(
      "section",
      { attributes: { "aria-label": title } },
      h("h3", {}, title),
      this.#list,
    );
  }

  /** Draw what is there now, of people whom this page knows. */
  update(sheet: Sheet | null, glimpses: Glimpses | null): void {
    const tried = sheet?.witness ? (glimpses?.looks ?? []) : [];
    const looks = new Map(tried.map((look) => [look.publication, look]));
    const inferred = new Map(
      sheet?.streams.map(({ publication, inferred }) => [publication, inferred]),
    );
    const { state } = this.#call;
    const cards: HTMLElement[] = [];
    const there = new Set<string>();
    for (const { id, publications } of state.participants.values()) {
      const streams = ORDER.flatMap((source) =>
        publications.filter((publication) => publication.source === source),
      ).flatMap(({ id: ident, source }) => {
        const look = looks.get(ident) ?? null;
        const guess = inferred.get(ident) ?? null;
        there.add(ident);
        return look || guess
          ? [this.#stream(ident, source, this.#name(id), look, guess, glimpses)]
          : [];
      });
      if (streams.length > 0) {
        cards.push(this.#card(id, streams));
      }
    }
    setChildren(this.#list, cards);
    this.element.hidden = cards.length === 0;
    this.#forget(there);
  }

  dispose(): void {
    this.#forget(new Set());
  }

  #forget(there: ReadonlySet<string>): void {
    for (const [ident, stream] of this.#streams) {
      if (!there.has(ident)) {
        stream.dispose();
        this.#streams.delete(ident);
      }
    }
  }

  #stream(
    ident: string,
    source: MediaSource,
    name: string,
    look: Look | null,
    guess: Inferred | null,
    glimpses: Glimpses | null,
  ): HTMLElement {
    const stream = this.#streams.get(ident) ?? new StreamSeen(source, name);
    this.#streams.set(ident, stream);
    stream.update(look, guess, glimpses?.written ?? 0);
    return stream.element;
  }

  #card(id: string, streams: readonly HTMLElement[]): HTMLElement {
    const card = this.#cards.get(id) ?? newCard();
    this.#cards.set(id, card);
    setText(card.name, this.#name(id));
    setChildren(card.streams, streams);
    return card.element;
  }

  #name(id: string): string {
    const { state } = this.#call;
    const name = nameOf(state, id);
    return id === state.self ? `${this.#call.name} (${words().you})` : name;
  }
}

function newCard(): Card {
  const [name, streams] = [h("h4", { class: "name" }), h("div", { class: "streams" })];
  return { element: h("li", {}, name, streams), name, streams };
}
