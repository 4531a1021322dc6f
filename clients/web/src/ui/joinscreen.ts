/** The screen before a call: name, room, devices, and a look at oneself. */

import type { Concealment } from "../call/concealment";
import type { Language } from "../i18n";
import { deviceProblem, openCamera, openMicrophone } from "../media/devices";
import { type CameraFormat, isRoomName, type LinkSecret, tidyName } from "../settings";
import { brand, languageSwitch } from "./brand";
import { DeviceMenu } from "./devicemenu";
import { h, setAttribute, setText } from "./dom";
import { hidingBox } from "./hiding";
import { icon } from "./icons";
import type { Screen } from "./screen";
import { type SealingChoice, SealingMenu } from "./sealingmenu";
import { words } from "./words";

export interface JoinForm {
  readonly name: string;
  readonly room: string;
  readonly camera: boolean;
  readonly microphone: boolean;
  readonly cameraId: string;
  readonly microphoneId: string;
  readonly sealing: SealingChoice;
  readonly passphrase: string;
}

export interface JoinOptions {
  readonly form: JoinForm;
  readonly format: CameraFormat;
  readonly concealment: Concealment;
  readonly invited: boolean;
  /** With a secret in the link, there is no other call than a sealed one. */
  readonly link: LinkSecret | "damaged" | null;
  join(form: JoinForm): void;
  changeLanguage(language: Language, form: JoinForm): void;
}

export class JoinScreen implements Screen {
  readonly element: HTMLElement;
  readonly #options: JoinOptions;
  readonly #video = h("video", { attributes: { autoplay: true, playsinline: true } });
  readonly #preview: HTMLElement;
  readonly #problem = h("p", { class: "problem", attributes: { role: "alert" } });
  readonly #name: HTMLInputElement;
  readonly #room: HTMLInputElement;
  readonly #cameraButton = h("button", { type: "button", class: "round" });
  readonly #microphoneButton = h("button", { type: "button", class: "round" });
  readonly #enter = h("button", { class: "accent wide", type: "submit" }, words().joinButton);
  readonly #devices: DeviceMenu;
  readonly #sealing: SealingMenu;
  #camera: boolean;
  #microphone: boolean;
  #cameraId: string;
  #microphoneId: string;
  #track: MediaStreamTrack | null = null;
  /** Grows with each look at the camera: a slow one that was overtaken is let go of. */
  #look = 0;

  readonly #onDevices = () => void this.#refreshDevices();

  constructor(options: JoinOptions) {
    this.#options = options;
    const { form } = options;
    [this.#camera, this.#microphone] = [form.camera, form.microphone];
    [this.#cameraId, this.#microphoneId] = [form.cameraId, form.microphoneId];
    this.#video.muted = true;
    this.#name = input("name", form.name, 64);
    this.#room = input("room", form.room, 64);
    this.#devices = new DeviceMenu({
      camera: (id) => {
        this.#cameraId = id;
        void this.#show();
      },
      microphone: (id) => {
        this.#microphoneId = id;
      },
      speaker: () => undefined,
    });
    const link = options.link === "damaged" ? null : options.link;
    this.#sealing = new SealingMenu(form.sealing, link, () =>
      this.#complain(words().unsealable.unsupported),
    );
    this.#preview = this.#makePreview();
    this.element = this.#layout();
    if (options.link === "damaged") {
      this.#enter.disabled = true;
      this.#complain(words().linkDamaged);
    }
    this.#drawButtons();
    navigator.mediaDevices?.addEventListener("devicechange", this.#onDevices);
    void this.#begin();
  }

  /** What is entered so far. */
  get form(): JoinForm {
    return {
      name: tidyName(this.#name.value),
      room: this.#room.value.trim(),
      camera: this.#camera,
      microphone: this.#microphone,
      cameraId: this.#cameraId,
      microphoneId: this.#microphoneId,
      sealing: this.#sealing.choice,
      passphrase: this.#sealing.passphrase,
    };
  }

  focus(): void {
    this.#name.focus();
  }

  dispose(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.#onDevices);
    this.#look += 1;
    this.#stop();
    this.element.remove();
  }

  #layout(): HTMLElement {
    const text = words();
    const form = h(
      "form",
      { class: "fields" },
      h("label", { class: "field" }, h("span", {}, text.yourName), this.#name),
      h(
        "label",
        { class: "field" },
        h("span", {}, text.room),
        this.#room,
        h("small", {}, text.roomHint),
      ),
      this.#devices.element,
      this.#options.link === "damaged" ? null : this.#sealing.element,
      hidingBox(this.#options.concealment),
      this.#options.invited ? h("p", { class: "notice" }, text.invited) : null,
      this.#problem,
      this.#enter,
    );
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    const change = (language: Language) => this.#options.changeLanguage(language, this.form);
    return h(
      "main",
      { class: "join" },
      h("header", { class: "top" }, brand(), h("span", { class: "space" }), languageSwitch(change)),
      h(
        "section",
        { class: "panel entrance" },
        this.#preview,
        h("div", { class: "desk" }, h("h1", {}, text.tagline), form),
      ),
    );
  }

  #makePreview(): HTMLElement {
    this.#cameraButton.addEventListener("click", () => {
      this.#camera = !this.#camera;
      this.#drawButtons();
      void this.#show();
    });
    this.#microphoneButton.addEventListener("click", () => {
      this.#microphone = !this.#microphone;
      this.#drawButtons();
    });
    return h(
      "div",
      { class: "preview", attributes: { role: "group", "aria-label": words().preview } },
      h("p", { class: "veil" }, words().cameraOff),
      this.#video,
      h("div", { class: "switches" }, this.#microphoneButton, this.#cameraButton),
    );
  }

  #drawButtons(): void {
    const text = words();
    const draw = (button: HTMLElement, label: string, symbol: SVGElement, on: boolean) => {
      button.replaceChildren(symbol);
      setAttribute(button, "aria-label", label);
      setAttribute(button, "title", label);
      button.classList.toggle("crossed", !on);
    };
    const microphone = this.#microphone;
    draw(
      this.#microphoneButton,
      microphone ? text.mute : text.unmute,
      icon(microphone ? "microphone" : "microphoneOff"),
      microphone,
    );
    const camera = this.#camera;
    draw(
      this.#cameraButton,
      camera ? text.cameraTurnOff : text.cameraTurnOn,
      icon(camera ? "camera" : "cameraOff"),
      camera,
    );
  }

  /** Ask for both devices once, so that the browser asks the person before the call, not in it. */
  async #begin(): Promise<void> {
    await this.#show();
    if (this.#microphone) {
      try {
        (await openMicrophone(this.#microphoneId)).stop();
      } catch (error) {
        this.#microphone = false;
        this.#drawButtons();
        this.#complain(words().microphoneProblem[deviceProblem(error)]);
      }
    }
    await this.#refreshDevices();
  }

  async #show(): Promise<void> {
    this.#look += 1;
    const look = this.#look;
    this.#stop();
    if (this.#camera) {
      try {
        const track = await openCamera(this.#options.format, this.#cameraId);
        if (look !== this.#look) {
          track.stop();
          return;
        }
        this.#track = track;
        this.#video.srcObject = new MediaStream([track]);
      } catch (error) {
        this.#camera = false;
        this.#drawButtons();
        this.#complain(words().cameraProblem[deviceProblem(error)]);
      }
    }
    this.#preview.classList.toggle("veiled", this.#track === null);
    await this.#refreshDevices();
  }

  #refreshDevices(): Promise<void> {
    return this.#devices.refresh({ camera: this.#cameraId, microphone: this.#microphoneId });
  }

  #stop(): void {
    this.#track?.stop();
    this.#track = null;
    this.#video.srcObject = null;
    this.#preview.classList.add("veiled");
  }

  #submit(): void {
    const { form } = this;
    if (form.name === "") {
      this.#refuse(this.#name, words().nameMissing);
    } else if (!isRoomName(form.room)) {
      this.#refuse(this.#room, words().roomInvalid);
    } else if (this.#options.link === "damaged") {
      this.#complain(words().linkDamaged);
    } else if (this.#sealing.missing) {
      this.#refuse(this.#sealing.missing, words().passphraseMissing);
    } else {
      this.#enter.disabled = true;
      setText(this.#enter, form.sealing === "passphrase" ? words().makingKey : words().joining);
      this.#options.join(form);
    }
  }

  #refuse(field: HTMLInputElement, text: string): void {
    field.setAttribute("aria-invalid", "true");
    field.focus();
    this.#complain(text);
  }

  #complain(text: string): void {
    setText(this.#problem, text);
  }
}

function input(name: string, value: string, longest: number): HTMLInputElement {
  const element = h("input", {
    attributes: {
      name,
      maxlength: longest,
      autocomplete: name === "name" ? "name" : "off",
      spellcheck: "false",
    },
  });
  element.value = value;
  element.addEventListener("input", () => element.removeAttribute("aria-invalid"));
  return element;
}
