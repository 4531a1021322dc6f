/** Who is here, and what a moderator can do about it. */

import type { Call } from "../call/call";
import { isSending, isTrusted, others } from "../call/state";
import type { Identifier, Participant } from "../protocol/messages";
import { confirmDialog } from "./dialogs";
import { h, setChildren } from "./dom";
import { groupRows, type Row, type RowEvents } from "./grouprows";
import { actionButton, badge, mutedMark, strangerMark } from "./marks";
import { words } from "./words";

export class People {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "people" });
  readonly #call: Call;
  readonly #events: RowEvents;
  /** Rows by participant, drawn again only when what they show differs: focus stays. */
  readonly #rows = new Map<string, { key: string; row: HTMLElement }>();

  constructor(call: Call) {
    this.#call = call;
    this.#events = {
      mute: (participants) => askToMute(call, participants),
      remove: (participants, name) => askToRemove(call, participants, name),
    };
    this.element = h("div", { class: "body" }, this.#list);
  }

  update(): void {
    const { state } = this.#call;
    // The tree of a group is authentic; whom the server shows is not.
    const isTree = state.mode === "e2ee-mls" && state.group !== null;
    const rows = isTree
      ? groupRows(this.#call, this.#events)
      : [this.#ownRow(), ...others(state).map((participant) => this.#row(participant))];
    setChildren(
      this.#list,
      rows.map((row) => this.#cached(row)),
    );
  }

  #ownRow(): Row {
    const { state, local, name } = this.#call;
    const muted = !local.isOn("microphone");
    const make = () =>
      h("li", {}, title(`${name} (${words().you})`, state.moderator), muted ? mutedMark() : null);
    return { id: "self", key: `${muted} ${state.moderator}`, make };
  }

  #row(participant: Participant): Row {
    const { id, name, moderator, connected } = participant;
    const audible = isSending(participant, "audio");
    const may = this.#call.state.moderator;
    const trusted = isTrusted(this.#call.state, id);
    const { mute, remove } = this.#events;
    const make = () =>
      h(
        "li",
        { class: connected ? "" : "away" },
        title(connected ? name : `${name} · ${words().away}`, moderator),
        trusted ? null : strangerMark(),
        audible ? null : mutedMark(),
        may && audible
          ? actionButton("microphoneOff", words().askToMute(name), () => mute([id]))
          : null,
        may ? actionButton("remove", words().remove(name), () => remove([id], name)) : null,
      );
    return { id, key: JSON.stringify([name, moderator, connected, audible, may, trusted]), make };
  }

  #cached({ id, key, make }: Row): HTMLElement {
    const known = this.#rows.get(id);
    if (known?.key === key) {
      return known.row;
    }
    const row = make();
    this.#rows.set(id, { key, row });
    return row;
  }
}

function askToMute(call: Call, participants: readonly Identifier[]): void {
  for (const id of participants) {
    for (const publication of call.state.participants.get(id)?.publications ?? []) {
      if (publication.source === "microphone") {
        call.askMute(publication.id);
      }
    }
  }
}

function askToRemove(call: Call, participants: readonly Identifier[], name: string): void {
  const text = words();
  confirmDialog(text.confirmRemove(name), text.removeButton, () => {
    for (const id of participants) {
      call.remove(id);
    }
  });
}

function title(name: string, moderator: boolean): HTMLElement {
  const mark = moderator ? badge(words().moderator) : null;
  return h("span", { class: "who" }, h("span", { class: "name" }, name), mark);
}
