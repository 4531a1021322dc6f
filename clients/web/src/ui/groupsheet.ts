/** What the lock of a group's call opens: how far it can be relied on, and the code to compare. */

import type { Call } from "../call/call";
import { dangers, lockState, type Person, people, suspects } from "../call/roster";
import type { CallState } from "../call/state";
import { callCode } from "../identity/code";
import { decode } from "../sealing/base64url";
import { openDevices } from "./devicesheet";
import { h, setText } from "./dom";
import { words } from "./words";

export class GroupSheet {
  readonly element: HTMLElement;
  readonly #call: Call;
  readonly #meaning = h("div", { class: "meaning" });
  readonly #code = h("p", { class: "code", attributes: { role: "status" } });
  readonly #how = h("p", { class: "quiet" });
  readonly #match = h("button", { class: "accent wide", type: "button" }, words().theyMatch);
  readonly #comparing: HTMLElement;
  /** What the code is computed of, and what the code on the screen is of. */
  #wanted = "";
  #shown = "";

  constructor(call: Call) {
    this.#call = call;
    this.#match.addEventListener("click", () => this.#matched());
    this.#comparing = h(
      "section",
      { class: "comparing", attributes: { "aria-label": words().code } },
      h("h3", {}, words().code),
      this.#code,
      this.#how,
      this.#match,
    );
    const devices = h("button", { class: "plain", type: "button" }, words().yourDevices);
    devices.addEventListener("click", () => void openDevices(true));
    this.element = h(
      "div",
      { class: "sheet" },
      this.#meaning,
      this.#comparing,
      h("div", { class: "row end" }, devices),
    );
    this.update();
  }

  update(): void {
    const { state } = this.#call;
    this.#explain();
    const source = sourceOf(state);
    if (source !== this.#wanted) {
      this.#wanted = source;
      void this.#compute(state);
    }
    // With an alarm, equal digits would comfort where nothing can.
    this.#comparing.hidden = lockState(state) === "alarm";
    const isComputed = this.#shown === source;
    const isAlone = others(state).length === 0;
    const isBlocked = suspects(state).length > 0;
    this.#code.hidden = isAlone;
    if (!isComputed) {
      setText(this.#code, words().codeMakes);
      this.#code.removeAttribute("data-code");
    }
    setText(this.#how, isAlone ? words().codeOfOne : words().codeHow);
    this.#match.hidden = isAlone || lockState(state) === "verified";
    this.#match.disabled = !isComputed || isBlocked;
    if (isBlocked) {
      setText(this.#how, words().codeBlocked);
    }
  }

  #explain(): void {
    const sentences = meaning(this.#call);
    const key = sentences.join("\n");
    if (this.#meaning.dataset.key !== key) {
      this.#meaning.dataset.key = key;
      this.#meaning.replaceChildren(...sentences.map((sentence) => h("p", {}, sentence)));
    }
  }

  async #compute(state: CallState): Promise<void> {
    const source = this.#wanted;
    const devices = state.members.flatMap(({ device }) => decode(device) ?? []);
    const code = await callCode(devices, decode(state.group ?? "") ?? new Uint8Array());
    if (source === this.#wanted) {
      this.#shown = source;
      this.#code.replaceChildren(...code.map((digits) => h("span", {}, digits)));
      this.#code.dataset.code = code.join(" ");
      this.update();
    }
  }

  /** Only if what is on the screen is still the code. */
  #matched(): void {
    const { state } = this.#call;
    if (this.#shown === sourceOf(state) && suspects(state).length === 0) {
      this.#call.verify(state.members);
      this.update();
    }
  }
}

function others(state: CallState): Person[] {
  return people(state).filter(({ isSelf }) => !isSelf);
}

/** All that the code depends on. */
function sourceOf({ group, members }: CallState): string {
  const devices = new Set(members.map(({ device }) => device));
  return [group ?? "", ...[...devices].toSorted()].join(" ");
}

function meaning(call: Call): string[] {
  const text = words();
  const { state } = call;
  const lock = lockState(state);
  const unverified = others(state).filter(({ verdict }) => verdict !== "verified");
  const sentences =
    lock === "alarm"
      ? [text.lockAlarm, ...dangers(state).map((danger) => text.dangers[danger])]
      : lock === "verified"
        ? text.lockVerifiedText
        : text.lockUnverifiedText;
  return [
    ...sentences,
    ...(unverified.length > 0 ? [text.notVerifiedYet(namesOf(unverified))] : []),
    text.lockMore,
    ...(call.hasForgotten ? [text.peopleForgotten] : []),
  ];
}

function namesOf(all: readonly Person[]): string {
  return all.map(({ name }) => name).join(", ");
}
