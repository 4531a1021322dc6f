/** The bar at the bottom. */

import { h, setAttribute, setText } from "./dom";
import { type IconName, icon } from "./icons";
import { words } from "./words";

export type Command =
  | "microphone"
  | "camera"
  | "screen"
  | "people"
  | "chat"
  | "devices"
  | "help"
  | "leave";

export interface ControlState {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly canShare: boolean;
  readonly mayPublish: boolean;
  readonly panel: "people" | "chat" | null;
  readonly unread: number;
  readonly people: number;
}

interface Control {
  readonly button: HTMLButtonElement;
  readonly label: HTMLElement;
  icon: IconName;
}

const SHORTCUTS: Readonly<Record<Command, string>> = {
  microphone: "m",
  camera: "v",
  screen: "s",
  people: "p",
  chat: "c",
  devices: "d",
  help: "?",
  leave: "Shift+L",
};

export class Controls {
  readonly element: HTMLElement;
  readonly #controls = new Map<Command, Control>();
  readonly #badge = h("span", { class: "badge", attributes: { hidden: true } });
  readonly #count = h("span", { class: "badge quiet", attributes: { hidden: true } });

  constructor(run: (command: Command) => void) {
    const make = (command: Command, name: IconName, ...extra: HTMLElement[]) =>
      this.#make(command, name, run, extra);
    this.element = h(
      "nav",
      { class: "controls panel", attributes: { "aria-label": words().controls } },
      make("microphone", "microphone"),
      make("camera", "camera"),
      make("screen", "screen"),
      make("people", "people", this.#count),
      make("chat", "chat", this.#badge),
      make("devices", "devices"),
      make("help", "keyboard"),
      make("leave", "leave"),
    );
    this.#controls.get("leave")?.button.classList.add("danger");
  }

  update(state: ControlState): void {
    const text = words();
    this.#toggle("microphone", state.microphone, text.mute, text.unmute, "microphoneOff");
    this.#toggle("camera", state.camera, text.cameraTurnOff, text.cameraTurnOn, "cameraOff");
    this.#set("screen", state.screen ? text.stopSharing : text.shareScreen, state.screen);
    this.#set("people", text.people, state.panel === "people");
    this.#set("chat", text.chat, state.panel === "chat");
    this.#set("devices", text.devices);
    this.#set("help", text.help);
    this.#set("leave", text.leave);
    for (const command of ["microphone", "camera", "screen"] as const) {
      this.#disable(command, !state.mayPublish);
    }
    this.#controls.get("screen")?.button.toggleAttribute("hidden", !state.canShare);
    this.#number(this.#badge, state.unread);
    this.#number(this.#count, state.people);
  }

  focus(command: Command): void {
    this.#controls.get(command)?.button.focus();
  }

  #make(
    command: Command,
    name: IconName,
    run: (command: Command) => void,
    extra: readonly HTMLElement[],
  ): HTMLElement {
    const label = h("span", { class: "label" });
    const button = h(
      "button",
      {
        type: "button",
        attributes: { "data-command": command, "aria-keyshortcuts": SHORTCUTS[command] },
      },
      icon(name),
      label,
      ...extra,
    );
    button.addEventListener("click", () => run(command));
    this.#controls.set(command, { button, label, icon: name });
    return button;
  }

  /** A device: pressed while it is on, crossed out while it is off. */
  #toggle(
    command: "microphone" | "camera",
    on: boolean,
    off: string,
    onLabel: string,
    crossed: IconName,
  ): void {
    this.#set(command, on ? off : onLabel, on);
    const control = this.#controls.get(command);
    const name = on ? command : crossed;
    if (control && control.icon !== name) {
      control.icon = name;
      control.button.firstElementChild?.replaceWith(icon(name));
    }
    control?.button.classList.toggle("crossed", !on);
  }

  #set(command: Command, label: string, pressed?: boolean): void {
    const control = this.#controls.get(command);
    if (control) {
      setText(control.label, label);
      setAttribute(control.button, "title", `${label} (${SHORTCUTS[command]})`);
      setAttribute(control.button, "aria-label", label);
      // A changing label already tells the state; a fixed one needs aria-pressed.
      const fixed = command === "people" || command === "chat";
      setAttribute(control.button, "aria-pressed", fixed ? String(pressed) : undefined);
      control.button.classList.toggle("on", pressed === true);
    }
  }

  #disable(command: Command, disabled: boolean): void {
    this.#controls.get(command)?.button.toggleAttribute("disabled", disabled);
  }

  #number(badge: HTMLElement, count: number): void {
    badge.hidden = count === 0;
    setText(badge, String(count));
  }
}
