/** Choosing cameras, microphones and loudspeakers. */

import { listDevices } from "../media/devices";
import { h } from "./dom";
import { words } from "./words";

export interface DeviceChoice {
  readonly camera: string;
  readonly microphone: string;
  /** Undefined where the browser cannot choose a loudspeaker. */
  readonly speaker?: string;
}

export interface DeviceEvents {
  camera(id: string): void;
  microphone(id: string): void;
  speaker(id: string): void;
}

/** Menus of all devices; names appear once the person has allowed one. */
export class DeviceMenu {
  readonly element = h("div", { class: "devices" });
  readonly #events: DeviceEvents;

  constructor(events: DeviceEvents) {
    this.#events = events;
  }

  async refresh(now: DeviceChoice): Promise<void> {
    const { cameras, microphones, speakers } = await listDevices();
    const text = words();
    const menus = [
      menu(text.camera, cameras, now.camera, this.#events.camera),
      menu(text.microphone, microphones, now.microphone, this.#events.microphone),
    ];
    if (now.speaker !== undefined && speakers.length > 0) {
      menus.push(menu(text.speaker, speakers, now.speaker, this.#events.speaker));
    }
    this.element.replaceChildren(...menus);
  }
}

function menu(
  label: string,
  devices: readonly MediaDeviceInfo[],
  chosen: string,
  choose: (id: string) => void,
): HTMLElement {
  const none = devices.length === 0 ? words().noDevice : words().standard;
  const select = h(
    "select",
    { attributes: { disabled: devices.length === 0 } },
    ...(devices.length === 0 || chosen === ""
      ? [h("option", { attributes: { value: "" } }, none)]
      : []),
    ...devices.map(({ deviceId, label: name }, index) =>
      h("option", { attributes: { value: deviceId } }, name || `${label} ${index + 1}`),
    ),
  );
  select.value = chosen;
  select.addEventListener("change", () => choose(select.value));
  return h("label", { class: "field" }, h("span", {}, label), select);
}
