/** Who is here, and what a moderator can do about it. */

import type { Call } from "../call/call";
import { isSending, isTrusted, others } from "../call/state";
import type { Participant } from "../protocol/messages";
import { confirmDialog } from "./dialogs";
import { h, setChildren } from "./dom";
import { type IconName, icon } from "./icons";
import { words } from "./words";

export class People {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "people" });
  readonly #call: Call;
  /** Rows by participant, drawn again only when what they show differs: focus stays. */
  readonly #rows = new Map<string, { key: string; row: HTMLElement }>();

  constructor(call: Call) {
    this.#call = call;
    this.element = h("div", { class: "body" }, this.#list);
  }

  update(): void {
    const rows = [this.#ownRow(), ...others(this.#call.state).map((p) => this.#row(p))];
    setChildren(this.#list, rows);
  }

  #ownRow(): HTMLElement {
    const { state, local, name } = this.#call;
    const muted = !local.isOn("microphone");
    return this.#cached("self", `${muted} ${state.moderator}`, () =>
      h("li", {}, title(`${name} (${words().you})`, state.moderator), muted ? mutedMark() : null),
    );
  }

  #row(participant: Participant): HTMLElement {
    const { id, name, moderator, connected } = participant;
    const audible = isSending(participant, "audio");
    const may = this.#call.state.moderator;
    const trusted = isTrusted(this.#call.state, id);
    const key = JSON.stringify([name, moderator, connected, audible, may, trusted]);
    return this.#cached(id, key, () =>
      h(
        "li",
        { class: connected ? "" : "away" },
        title(connected ? name : `${name} · ${words().away}`, moderator),
        trusted ? null : strangerMark(),
        audible ? null : mutedMark(),
        may && audible ? this.#muteButton(participant) : null,
        may ? this.#removeButton(participant) : null,
      ),
    );
  }

  #muteButton({ id, name }: Participant): HTMLElement {
    return actionButton("microphoneOff", words().askToMute(name), () => {
      const publications = this.#call.state.participants.get(id)?.publications ?? [];
      for (const publication of publications) {
        if (publication.source === "microphone") {
          this.#call.askMute(publication.id);
        }
      }
    });
  }

  #removeButton({ id, name }: Participant): HTMLElement {
    const text = words();
    return actionButton("remove", text.remove(name), () =>
      confirmDialog(text.confirmRemove(name), text.removeButton, () => this.#call.remove(id)),
    );
  }

  #cached(id: string, key: string, make: () => HTMLElement): HTMLElement {
    const known = this.#rows.get(id);
    if (known?.key === key) {
      return known.row;
    }
    const row = make();
    this.#rows.set(id, { key, row });
    return row;
  }
}

function title(name: string, moderator: boolean): HTMLElement {
  const badge = moderator ? h("span", { class: "badge" }, words().moderator) : null;
  return h("span", { class: "who" }, h("span", { class: "name" }, name), badge);
}

function mutedMark(): HTMLElement {
  return mark("microphoneOff", words().muted);
}

function strangerMark(): HTMLElement {
  return mark("warning", words().anotherKey);
}

function mark(name: IconName, label: string): HTMLElement {
  return h(
    "span",
    { class: "mark", title: label },
    icon(name),
    h("span", { class: "unseen" }, label),
  );
}

function actionButton(name: IconName, label: string, run: () => void): HTMLElement {
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
