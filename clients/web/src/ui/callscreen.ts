/** The screen of a running call. */

import type { Call } from "../call/call";
import type { Notice } from "../call/notices";
import { findPublication } from "../call/state";
import { type Language, problemText } from "../i18n";
import { deviceProblem } from "../media/devices";
import { canShareScreen } from "../media/screen";
import type { MediaSource } from "../protocol/messages";
import { roomPath } from "../settings";
import { brand, languageSwitch } from "./brand";
import { Chat } from "./chat";
import { type Command, Controls } from "./controls";
import { DeviceMenu } from "./devicemenu";
import { openDialog } from "./dialogs";
import { h, setText } from "./dom";
import { Grid } from "./grid";
import { icon } from "./icons";
import { commandFor, isTaken } from "./keys";
import { People } from "./people";
import type { Screen } from "./screen";
import { helpTable } from "./shortcuts";
import type { Sound } from "./sound";
import { Toasts } from "./toasts";
import { words } from "./words";

export class CallScreen implements Screen {
  readonly element: HTMLElement;
  readonly #call: Call;
  readonly #sound: Sound;
  readonly #toasts = new Toasts();
  readonly #banner = h("p", { class: "banner", attributes: { role: "status", hidden: true } });
  readonly #grid: Grid;
  readonly #people: People;
  readonly #chat: Chat;
  readonly #controls = new Controls((command) => this.#run(command));
  readonly #panelTitle = h("h2");
  readonly #panel: HTMLElement;
  #shown: "people" | "chat" | null = null;
  #unread = 0;
  readonly #onKey = (event: KeyboardEvent) => this.#key(event);

  constructor(call: Call, sound: Sound, changeLanguage: (language: Language) => void) {
    this.#call = call;
    this.#sound = sound;
    this.#grid = new Grid(call);
    this.#people = new People(call);
    this.#chat = new Chat(call, (text) => this.#toasts.show(text));
    this.#panel = this.#makePanel();
    this.element = h(
      "main",
      { class: "call" },
      this.#header(changeLanguage),
      this.#banner,
      h("div", { class: "stage" }, this.#grid.element, this.#panel),
      this.#controls.element,
      this.#toasts.element,
    );
    document.addEventListener("keydown", this.#onKey);
  }

  /** Draw what is different now. */
  update(): void {
    this.#grid.update();
    this.#people.update();
    this.#chat.update();
    this.#drawBanner();
    const { local, state } = this.#call;
    this.#controls.update({
      microphone: local.isOn("microphone"),
      camera: local.isOn("camera"),
      screen: local.isOn("screen"),
      canShare: canShareScreen(),
      mayPublish: state.mayPublish,
      panel: this.#shown,
      unread: this.#unread,
      people: state.participants.size,
    });
  }

  notice(notice: Notice): void {
    const text = words();
    switch (notice.kind) {
      case "mute_asked":
        this.#askedToMute(notice.by, notice.publication);
        break;
      case "chat":
        this.#heard(text.said(notice.name, notice.text));
        break;
      case "problem":
        this.#toasts.show(problemText(text, notice));
        break;
      case "removed":
        this.#toasts.show(text.wasRemoved(notice.name));
        break;
      default:
        this.#toasts.show(text[notice.kind](notice.name));
    }
  }

  say(text: string): void {
    this.#toasts.show(text);
  }

  /** The browser holds the sound back until somebody clicks. */
  soundBlocked(): void {
    const label = words().hearOthersButton;
    this.#toasts.show(words().hearOthers, [{ label, run: () => this.#sound.unblock() }]);
  }

  dispose(): void {
    document.removeEventListener("keydown", this.#onKey);
    this.#grid.dispose();
    this.element.remove();
  }

  #header(changeLanguage: (language: Language) => void): HTMLElement {
    const link = h(
      "button",
      { class: "plain", type: "button" },
      icon("link"),
      h("span", {}, words().copyLink),
    );
    link.addEventListener("click", () => void this.#copyLink());
    return h(
      "header",
      { class: "top" },
      brand(),
      h("h1", {}, this.#call.state.room),
      link,
      h("span", { class: "space" }),
      languageSwitch(changeLanguage),
    );
  }

  #makePanel(): HTMLElement {
    const label = words().close;
    const close = h(
      "button",
      { class: "plain", type: "button", attributes: { "aria-label": label } },
      icon("close"),
    );
    close.addEventListener("click", () => {
      const shown = this.#shown;
      this.#show(null);
      if (shown) {
        this.#controls.focus(shown);
      }
    });
    return h(
      "aside",
      { class: "side panel", attributes: { hidden: true } },
      h("header", {}, this.#panelTitle, close),
      this.#people.element,
      this.#chat.element,
    );
  }

  #show(panel: "people" | "chat" | null): void {
    this.#shown = panel;
    this.#panel.hidden = panel === null;
    this.#people.element.hidden = panel !== "people";
    this.#chat.element.hidden = panel !== "chat";
    setText(this.#panelTitle, panel ? words()[panel] : "");
    if (panel === "chat") {
      this.#unread = 0;
      this.#chat.focus();
    }
    this.update();
  }

  #drawBanner(): void {
    const text = this.#bannerText();
    setText(this.#banner, text);
    this.#banner.hidden = text === "";
  }

  #bannerText(): string {
    const { phase, connectionState, state } = this.#call;
    if (phase === "connecting") {
      return words().joining;
    }
    if (phase === "reconnecting") {
      return words().reconnecting;
    }
    if (connectionState === "disconnected" || connectionState === "failed") {
      return words().mediaReconnecting;
    }
    if (connectionState === "connecting") {
      return words().mediaConnecting;
    }
    return phase === "joined" && !state.mayPublish ? words().mayOnlyWatch : "";
  }

  #heard(text: string): void {
    if (this.#shown !== "chat") {
      this.#unread += 1;
      this.#toasts.show(text);
    }
  }

  #askedToMute(by: string, publication: string): void {
    const source = findPublication(this.#call.state, publication)?.publication.source;
    if (source === undefined || !this.#call.local.isOn(source)) {
      return;
    }
    const mute = { label: words().mute, run: () => void this.#switchOff(source) };
    const keep = { label: words().cancel, run: () => undefined };
    this.#toasts.show(words().muteAsked(by), [mute, keep]);
  }

  async #switchOff(source: MediaSource): Promise<void> {
    if (source === "microphone") {
      await this.#call.local.setMicrophone(false);
    } else if (source === "camera") {
      await this.#call.local.setCamera(false);
    } else {
      this.#call.local.stopScreen();
    }
  }

  async #copyLink(): Promise<void> {
    try {
      await navigator.clipboard.writeText(location.origin + roomPath(this.#call.state.room));
      this.#toasts.show(words().linkCopied);
    } catch {
      this.#toasts.show(words().linkNotCopied);
    }
  }

  #key(event: KeyboardEvent): void {
    const command = isTaken(event.target) ? null : commandFor(event);
    if (event.key === "Escape" && this.#shown) {
      const shown = this.#shown;
      this.#show(null);
      this.#controls.focus(shown);
    } else if (command) {
      event.preventDefault();
      this.#run(command);
    }
  }

  #run(command: Command): void {
    const { local, state } = this.#call;
    if (command === "people" || command === "chat") {
      this.#show(this.#shown === command ? null : command);
    } else if (command === "devices") {
      void this.#openDevices();
    } else if (command === "help") {
      openDialog(words().help, helpTable());
    } else if (command === "leave") {
      this.#call.leave();
    } else if (state.mayPublish) {
      void this.#guard(command, async () => {
        if (command === "microphone") {
          await local.setMicrophone(!local.isOn("microphone"));
        } else if (command === "camera") {
          await local.setCamera(!local.isOn("camera"));
        } else if (local.get("screen")) {
          local.stopScreen();
        } else {
          await local.startScreen();
        }
      });
    }
  }

  /** Says in a sentence why a device does not work. */
  async #guard(
    source: "microphone" | "camera" | "screen",
    action: () => Promise<void>,
  ): Promise<void> {
    try {
      await action();
    } catch (error) {
      const text = words();
      const sentences = { microphone: text.microphoneProblem, camera: text.cameraProblem };
      this.#toasts.show(
        source === "screen" ? text.screenProblem : sentences[source][deviceProblem(error)],
      );
    }
  }

  async #openDevices(): Promise<void> {
    const { local } = this.#call;
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
    openDialog(words().devices, menu.element);
  }
}
