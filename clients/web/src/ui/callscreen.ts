/** The screen of a running call. */

import type { Call } from "../call/call";
import type { Concealment } from "../call/concealment";
import type { Notice } from "../call/notices";
import { people } from "../call/roster";
import { type CallState, findPublication, isTrusted, others } from "../call/state";
import { type Language, problemText } from "../i18n";
import { canShareScreen } from "../media/screen";
import { fragmentWith, type LinkSecret, roomPath } from "../settings";
import { AlertBar } from "./alertbar";
import { brand, languageSwitch } from "./brand";
import { type Command, Controls } from "./controls";
import { openDialog } from "./dialogs";
import { h, setText } from "./dom";
import { Grid } from "./grid";
import { icon } from "./icons";
import { commandFor, isTaken } from "./keys";
import { Lock } from "./lock";
import { OwnDevices } from "./owndevices";
import { RecMark } from "./recmark";
import type { Screen } from "./screen";
import { ServerEye } from "./servereye";
import { helpTable } from "./shortcuts";
import { SidePanel } from "./sidepanel";
import type { Sound } from "./sound";
import { Toasts } from "./toasts";
import { words } from "./words";

export class CallScreen implements Screen {
  readonly element: HTMLElement;
  readonly #call: Call;
  readonly #sound: Sound;
  readonly #link: LinkSecret | null;
  readonly #toasts = new Toasts();
  readonly #banner = h("p", { class: "banner", attributes: { role: "status", hidden: true } });
  readonly #lock: Lock;
  readonly #alerts: AlertBar;
  readonly #grid: Grid;
  readonly #devices: OwnDevices;
  readonly #panel: SidePanel;
  readonly #recording: RecMark;
  readonly #eye: ServerEye;
  readonly #controls = new Controls((command) => this.#run(command));
  readonly #onKey = (event: KeyboardEvent) => this.#key(event);

  constructor(
    call: Call,
    sound: Sound,
    concealment: Concealment,
    link: LinkSecret | null,
    changeLanguage: (language: Language) => void,
  ) {
    this.#call = call;
    this.#link = link;
    this.#sound = sound;
    this.#lock = new Lock(call, link);
    this.#alerts = new AlertBar(call, () => this.#lock.open());
    this.#grid = new Grid(call);
    this.#devices = new OwnDevices(call.local, sound, concealment, (text) => this.say(text));
    this.#recording = new RecMark(call);
    this.#eye = new ServerEye(call);
    this.#panel = new SidePanel(call, this.#recording.line, {
      say: (text) => this.say(text),
      closed: (name) => {
        this.update();
        this.#controls.focus(name);
      },
    });
    this.element = h(
      "main",
      { class: "call" },
      this.#header(changeLanguage),
      h("div", { class: "said" }, this.#alerts.element, this.#eye.alarm, this.#banner),
      h("div", { class: "stage" }, this.#grid.element, this.#panel.element),
      this.#controls.element,
      this.#toasts.element,
    );
    document.addEventListener("keydown", this.#onKey);
  }

  /** Draw what is different now. */
  update(): void {
    this.#grid.update();
    this.#panel.update();
    this.#lock.update();
    this.#alerts.update();
    this.#recording.update();
    this.#eye.update();
    this.#drawBanner();
    const { local, state } = this.#call;
    this.#controls.update({
      microphone: local.isOn("microphone"),
      camera: local.isOn("camera"),
      screen: local.isOn("screen"),
      canShare: canShareScreen(),
      mayPublish: state.mayPublish,
      panel: this.#panel.shown,
      unread: this.#panel.unread,
      people: headCount(state),
    });
  }

  notice(notice: Notice): void {
    const text = words();
    switch (notice.kind) {
      case "mute_asked":
        this.#askedToMute(notice.by, notice.publication);
        break;
      case "chat":
        this.#panel.heard(text.said(notice.name, notice.text));
        break;
      case "problem":
        this.#toasts.show(problemText(text, notice));
        break;
      case "unopened_chat":
        this.#panel.heard(text.said(notice.name, text.unopenedLine));
        break;
      case "recording_started":
        this.#toasts.show(this.#call.isSealed ? text.recorded : text.recordedInClear);
        break;
      case "recording_stopped":
        this.#toasts.show(text.recordingStopped);
        break;
      case "removed":
        this.#toasts.show(text.wasRemoved(notice.name));
        break;
      case "locked_out":
        this.#toasts.show(text.wasLockedOut(notice.name));
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
    this.#eye.dispose();
    this.element.remove();
  }

  #header(changeLanguage: (language: Language) => void): HTMLElement {
    const link = h(
      "button",
      { class: "plain", type: "button", attributes: { "data-link": true } },
      icon("link"),
      h("span", {}, words().copyLink),
    );
    link.addEventListener("click", () => void this.#copyLink());
    return h(
      "header",
      { class: "top" },
      brand(),
      h("h1", {}, this.#call.state.room),
      this.#lock.element,
      this.#eye.button,
      this.#recording.button,
      link,
      h("span", { class: "space" }),
      languageSwitch(changeLanguage),
    );
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
    if (state.mode === "e2ee-mls" && state.group === null) {
      return state.alarms.has("unadmitted") ? words().unadmitted : words().waitingForKeys;
    }
    if (isAlone(state)) {
      return words().nobodyHasYourKey;
    }
    return phase === "joined" && !state.mayPublish ? words().mayOnlyWatch : "";
  }

  #askedToMute(by: string, publication: string): void {
    const source = findPublication(this.#call.state, publication)?.publication.source;
    if (source === undefined || !this.#call.local.isOn(source)) {
      return;
    }
    const mute = { label: words().mute, run: () => void this.#devices.set(source, false) };
    const keep = { label: words().cancel, run: () => undefined };
    this.#toasts.show(words().muteAsked(by), [mute, keep]);
  }

  async #copyLink(): Promise<void> {
    try {
      const fragment = this.#link ? fragmentWith("", this.#link) : "";
      const address = location.origin + roomPath(this.#call.state.room) + fragment;
      await navigator.clipboard.writeText(address);
      this.#toasts.show(words().linkCopied);
    } catch {
      this.#toasts.show(words().linkNotCopied);
    }
  }

  #key(event: KeyboardEvent): void {
    const command = isTaken(event.target) ? null : commandFor(event);
    if (event.key === "Escape" && document.querySelector("dialog") === null) {
      this.#panel.close();
    } else if (command) {
      event.preventDefault();
      this.#run(command);
    }
  }

  #run(command: Command): void {
    switch (command) {
      case "people":
      case "chat":
        this.#panel.toggle(command);
        this.update();
        break;
      case "devices":
        void this.#devices.choose();
        break;
      case "help":
        openDialog(words().help, helpTable());
        break;
      case "leave":
        this.#call.leave();
        break;
      default:
        if (this.#call.state.mayPublish) {
          void this.#devices.toggle(command);
        }
    }
  }
}

/** Others are here, and none of them has our key. */
function isAlone(state: CallState): boolean {
  const rest = state.mode === "e2ee-passphrase" ? others(state) : [];
  return rest.length > 0 && rest.every(({ id }) => !isTrusted(state, id));
}

/** With a group, people are counted, not what the server shows. */
function headCount(state: CallState): number {
  return state.group === null ? state.participants.size : people(state).length;
}
