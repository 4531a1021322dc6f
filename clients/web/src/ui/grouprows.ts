/** The rows of the people of a group: who is in its tree, and who is only in the room. */

import type { Call } from "../call/call";
import { outsiders, type Person, people } from "../call/roster";
import { isSending, nameOf } from "../call/state";
import type { Identifier, Participant } from "../protocol/messages";
import { askAbout } from "./alertbar";
import { h } from "./dom";
import { icon } from "./icons";
import { actionButton, badge, mark, mutedMark } from "./marks";
import { words } from "./words";

export interface RowEvents {
  mute(participants: readonly Identifier[]): void;
  remove(participants: readonly Identifier[], name: string): void;
}

/** A row, and all that it shows, as a text: the same text is the same row. */
export interface Row {
  readonly id: string;
  readonly key: string;
  make(): HTMLElement;
}

export function groupRows(call: Call, events: RowEvents): Row[] {
  return [
    ...people(call.state).map((person) => personRow(call, person, events)),
    ...outsiders(call.state).map((id) => outsiderRow(call, id, events)),
  ];
}

function personRow(call: Call, person: Person, events: RowEvents): Row {
  const { state } = call;
  const there = person.participants.flatMap((id) => state.participants.get(id) ?? []);
  const isAudible = person.isSelf
    ? call.local.isOn("microphone")
    : there.some((one) => isSending(one, "audio"));
  const isModerator = there.some(({ moderator }) => moderator);
  const key = JSON.stringify([
    person,
    there.map(({ id, connected }) => [id, connected]),
    isAudible,
    isModerator,
    mayOf(call),
  ]);
  const make = () => {
    const row = h(
      "li",
      { class: rowClass(person, there), attributes: { "data-verdict": person.verdict } },
      h(
        "span",
        { class: "who" },
        h("span", { class: "name" }, title(person)),
        isModerator ? badge(words().moderator) : null,
      ),
      ...(person.isSelf ? [] : [standing(call, person)]),
      isAudible ? null : mutedMark(),
    );
    if (mayOf(call) && !person.isSelf && there.length > 0) {
      row.append(...actions(person.name, person.participants, isAudible, events));
    }
    row.append(...remarks(person, there).map((remark) => h("small", {}, remark)));
    return row;
  };
  return { id: person.person, key, make };
}

/** Their name is the server's word: nothing of theirs can be checked. */
function outsiderRow(call: Call, id: Identifier, events: RowEvents): Row {
  const name = nameOf(call.state, id);
  const key = JSON.stringify([name, mayOf(call)]);
  const make = () =>
    h(
      "li",
      { class: "outsider", attributes: { "data-outsider": id } },
      icon("warning"),
      h("span", { class: "who" }, h("span", { class: "name" }, name)),
      ...(mayOf(call) ? actions(name, [id], false, events) : []),
      h("small", {}, words().notInGroup),
    );
  return { id: `outside ${id}`, key, make };
}

function mayOf(call: Call): boolean {
  return call.state.moderator;
}

function title({ name, isSelf }: Person): string {
  return isSelf ? `${name} (${words().you})` : name;
}

function rowClass({ isSilent, isSelf, verdict }: Person, there: readonly Participant[]): string {
  const isAway = there.length > 0 && there.every(({ connected }) => !connected);
  return !isSelf && (isSilent || isAway) ? `away ${verdict}` : verdict;
}

function standing(call: Call, person: Person): HTMLElement {
  const text = words();
  if (person.verdict === "changed") {
    const button = h("button", { class: "small", type: "button" }, text.decide);
    button.addEventListener("click", () => askAbout(call, person));
    return button;
  }
  const isVerified = person.verdict === "verified";
  const name = isVerified ? "verified" : "lock";
  return mark(name, text.verdicts[person.verdict], person.verdict);
}

function remarks(person: Person, there: readonly Participant[]): string[] {
  const text = words();
  const { devices, isSelf, isSilent, verdict } = person;
  return [
    ...(devices > 1 ? [text.deviceCount(String(devices))] : []),
    ...(verdict === "changed" ? [text.verdicts.changed] : []),
    ...(!isSelf && there.length === 0 ? [text.notInRoom] : []),
    ...(!isSelf && isSilent ? [text.silent] : []),
  ];
}

function actions(
  name: string,
  participants: readonly Identifier[],
  isAudible: boolean,
  events: RowEvents,
): HTMLElement[] {
  const { askToMute, remove } = words();
  const mute = () => events.mute(participants);
  const put = () => events.remove(participants, name);
  return [
    ...(isAudible ? [actionButton("microphoneOff", askToMute(name), mute)] : []),
    actionButton("remove", remove(name), put),
  ];
}
