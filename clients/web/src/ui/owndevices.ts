/** Switching our own camera, microphone and screen, with a sentence when one does not work. */

import type { Concealment } from "../call/concealment";
import { deviceProblem } from "../media/devices";
import type { LocalTracks } from "../media/local";
import type { MediaSource } from "../protocol/messages";
import { DeviceMenu } from "./devicemenu";
import { openDialog } from "./dialogs";
import { hidingBox } from "./hiding";
import type { Sound } from "./sound";
import { words } from "./words";

export type Switchable = "microphone" | "camera" | "screen";

export class OwnDevices {
  readonly #local: LocalTracks;
  readonly #sound: Sound;
  readonly #concealment: Concealment;
  readonly #complain: (text: string) => void;

  constructor(
    local: LocalTracks,
    sound: Sound,
    concealment: Concealment,
    complain: (text: string) => void,
  ) {
    this.#local = local;
    this.#sound = sound;
    this.#concealment = concealment;
    this.#complain = complain;
  }

  toggle(source: Switchable): Promise<void> {
    return this.set(source, !this.#local.isOn(source));
  }

  set(source: MediaSource, on: boolean): Promise<void> {
    const local = this.#local;
    switch (source) {
      case "microphone":
        return this.#guard(source, () => local.setMicrophone(on));
      case "camera":
        return this.#guard(source, () => local.setCamera(on));
      default:
        return this.#guard("screen", async () => (on ? local.startScreen() : local.stopScreen()));
    }
  }

  async choose(): Promise<void> {
    const local = this.#local;
    const menu = new DeviceMenu({
      camera: (id) => void this.#guard("camera", () => local.switchCamera(id)),
      microphone: (id) => void this.#guard("microphone", () => local.switchMicrophone(id)),
      speaker: (id) => this.#sound.setSpeaker(id),
    });
    await menu.refresh({
      camera: local.cameraId,
      microphone: local.microphoneId,
      ...("setSinkId" in HTMLMediaElement.prototype ? { speaker: this.#sound.speakerId } : {}),
    });
    openDialog(words().devices, menu.element, hidingBox(this.#concealment));
  }

  async #guard(source: Switchable, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const { microphoneProblem, cameraProblem, screenProblem } = words();
      const sentences = { microphone: microphoneProblem, camera: cameraProblem };
      this.#complain(source === "screen" ? screenProblem : sentences[source][deviceProblem(error)]);
    }
  }
}
