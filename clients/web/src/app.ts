/** Which screen is shown, and what leads from one to the next. */

import { Call } from "./call/call";
import { Concealment } from "./call/concealment";
import type { Ending } from "./call/ending";
import { knowsSpatialLayers } from "./call/layers";
import { type Return, saveReturn, takeReturn } from "./call/session";
import { chooseLanguage, type Language, problemText } from "./i18n";
import { loadDevice } from "./identity/device";
import { Trust } from "./identity/trust";
import { deviceProblem } from "./media/devices";
import type { Mode } from "./protocol/messages";
import { decode, encode } from "./sealing/base64url";
import { type Hindrance, Keeper } from "./sealing/keeper";
import {
  DEFAULT_CAMERA,
  fragmentWith,
  type LinkSecret,
  roomPath,
  SECRET_BYTES,
  type Settings,
  suggestRoom,
  tidyName,
} from "./settings";
import { installHook } from "./testhook";
import { CallScreen } from "./ui/callscreen";
import { closeDialogs } from "./ui/dialogs";
import { EndScreen } from "./ui/endscreen";
import { type JoinForm, JoinScreen } from "./ui/joinscreen";
import type { Screen } from "./ui/screen";
import { Sound } from "./ui/sound";
import { speak, words } from "./ui/words";

const LANGUAGE = "milkglass.language";
const NAME = "milkglass.name";

const DEVICE_PATIENCE_MS = 1500;

export class App {
  readonly #root: HTMLElement;
  readonly #settings: Settings;
  readonly #concealment = new Concealment(localStorage);
  #screen: Screen | null = null;
  #call: Call | null = null;
  #sound: Sound | null = null;
  #form: JoinForm;
  /** What the link says or will say of the keys; once there is one, all calls are sealed. */
  #link: LinkSecret | null;
  /** The way back into a call that wants a passphrase first. */
  #back: string | null = null;

  constructor(root: HTMLElement, settings: Settings) {
    this.#root = root;
    this.#settings = settings;
    this.#link = settings.secret === "damaged" ? null : settings.secret;
    this.#form = {
      name: settings.name || tidyName(localStorage.getItem(NAME) ?? ""),
      room: settings.room || suggestRoom(Math.random),
      camera: settings.camera !== null,
      microphone: settings.microphone,
      cameraId: "",
      microphoneId: "",
      sealing: sealingOf(this.#link),
      passphrase: "",
    };
  }

  async start(): Promise<void> {
    const { language, room, autojoin } = this.#settings;
    speak(chooseLanguage([language, localStorage.getItem(LANGUAGE), ...navigator.languages]));
    installHook(() => this.#call);
    window.addEventListener("pagehide", () => this.#keepWayBack());
    window.addEventListener("online", () => this.#call?.hurry());
    const back = takeReturn(sessionStorage, room, Date.now());
    if (back && (this.#settings.name || back.name) === back.name) {
      this.#form = {
        ...this.#form,
        ...back,
        camera: back.camera && this.#settings.camera !== null,
        microphone: back.microphone && this.#settings.microphone,
      };
      this.#back = back.secret;
    }
    if (this.#isBlocked) {
      this.#showJoin();
    } else if (this.#back !== null) {
      await this.#join();
    } else if (autojoin && room !== "") {
      this.#form = { ...this.#form, name: this.#form.name || "Guest" };
      await this.#join();
    } else {
      this.#showJoin();
    }
  }

  /** Nobody can join without a word of the person's. */
  get #isBlocked(): boolean {
    return this.#settings.secret === "damaged" || this.#link?.kind === "salt";
  }

  #showJoin(): void {
    const screen = new JoinScreen({
      form: this.#form,
      format: this.#settings.camera ?? DEFAULT_CAMERA,
      concealment: this.#concealment,
      invited: this.#settings.token !== null,
      link: this.#settings.secret === "damaged" ? "damaged" : this.#link,
      join: (form) => {
        this.#form = form;
        localStorage.setItem(NAME, form.name);
        void this.#join();
      },
      changeLanguage: (language, form) => {
        this.#form = form;
        this.#setLanguage(language);
        this.#showJoin();
      },
    });
    this.#show(screen);
    screen.focus();
  }

  async #join(): Promise<void> {
    const { room, name } = this.#form;
    const keeper = await this.#openKeeper();
    if (keeper === "impossible") {
      return;
    }
    const fragment = this.#link ? fragmentWith(location.hash, this.#link) : location.hash;
    if (location.pathname !== roomPath(room) || location.hash !== fragment) {
      history.replaceState(null, "", roomPath(room) + location.search + fragment);
    }
    const call = new Call(
      {
        url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
        room,
        name,
        token: this.#settings.token,
        resume: this.#back,
        camera: this.#settings.camera ?? DEFAULT_CAMERA,
        encoding: this.#settings.encoding,
        knowsLayers: await knowsSpatialLayers(),
        mode: modeOf(this.#link),
        keeper,
        trust: new Trust(localStorage),
        concealment: this.#concealment,
      },
      {
        changed: () => this.#drawCall(),
        measured: () => this.#drawCall(),
        noticed: (notice) => this.#callScreen?.notice(notice),
        unplugged: (source) =>
          this.#callScreen?.say(
            source === "camera" ? words().cameraUnplugged : words().microphoneUnplugged,
          ),
        ended: (ending) => this.#ended(ending),
      },
    );
    this.#back = null;
    this.#call = call;
    this.#sound = new Sound(call, () => this.#callScreen?.soundBlocked());
    this.#showCall();
    if (this.#link?.kind === "mls" && !(await loadDevice()).isKept) {
      this.#callScreen?.say(words().deviceNotKept);
    }
    // With devices the first offer has everything in it; without an answer of the person's to the
    // browser's question, the call begins and they follow.
    await Promise.race([this.#openDevices(call), sleep(DEVICE_PATIENCE_MS)]);
    call.start();
  }

  /** The keys of a sealed call; null for one that is not. Never the one instead of the other. */
  async #openKeeper(): Promise<Keeper | null | "impossible"> {
    const { sealing } = this.#form;
    if (sealing === "off" && this.#link === null) {
      return null;
    }
    const hindrance = Keeper.hindrance();
    if (hindrance) {
      this.#showEnd({ why: "unsealable", hindrance });
      return "impossible";
    }
    this.#link ??= drawSecret(KINDS[sealing === "off" ? "group" : sealing]);
    const keeper = new Keeper();
    try {
      await this.#fill(keeper, this.#link);
    } catch {
      keeper.close();
      this.#showEnd({ why: "unsealable", hindrance: "unsupported" });
      return "impossible";
    }
    this.#form = { ...this.#form, passphrase: "" };
    return keeper;
  }

  /** Rejects where this browser cannot compute the keys. */
  async #fill(keeper: Keeper, link: LinkSecret): Promise<void> {
    const { room, name, passphrase } = this.#form;
    const bytes = decode(link.text) ?? new Uint8Array();
    switch (link.kind) {
      case "mls":
        await keeper.openGroup(room, bytes, name, await loadDevice());
        break;
      case "salt":
        await keeper.open(room, { passphrase, salt: bytes });
        break;
      default:
        await keeper.open(room, { key: bytes });
    }
  }

  /** A device that does not work keeps nobody out of a call. */
  async #openDevices(call: Call): Promise<void> {
    const { local } = call;
    [local.cameraId, local.microphoneId] = [this.#form.cameraId, this.#form.microphoneId];
    const { cameraProblem, microphoneProblem } = words();
    const complain = (text: string) => this.#callScreen?.say(text);
    await Promise.all([
      this.#form.camera &&
        local.setCamera(true).catch((error) => complain(cameraProblem[deviceProblem(error)])),
      this.#form.microphone &&
        local
          .setMicrophone(true)
          .catch((error) => complain(microphoneProblem[deviceProblem(error)])),
    ]);
  }

  #showCall(): void {
    if (this.#call && this.#sound) {
      this.#show(
        new CallScreen(this.#call, this.#sound, this.#concealment, this.#link, (language) => {
          this.#setLanguage(language);
          this.#showCall();
        }),
      );
      this.#drawCall();
    }
  }

  get #callScreen(): CallScreen | null {
    return this.#screen instanceof CallScreen ? this.#screen : null;
  }

  #drawCall(): void {
    this.#sound?.update();
    this.#callScreen?.update();
  }

  #ended(ending: Ending): void {
    this.#form = { ...this.#form, ...this.#devicesNow(), sealing: sealingOf(this.#link) };
    this.#sound?.dispose();
    this.#sound = null;
    this.#call = null;
    this.#showEnd(ending);
  }

  #showEnd(ending: Ending | Unsealable): void {
    const screen = new EndScreen({
      message: endingText(ending, this.#link !== null),
      joinAgain: () => this.#showJoin(),
      changeLanguage: (language) => {
        this.#setLanguage(language);
        this.#showEnd(ending);
      },
    });
    this.#show(screen);
    screen.focus();
  }

  #setLanguage(language: Language): void {
    localStorage.setItem(LANGUAGE, language);
    speak(language);
  }

  #show(screen: Screen): void {
    this.#screen?.dispose();
    closeDialogs();
    this.#screen = screen;
    document.title = this.#call ? `${this.#form.room} · Milkglass` : "Milkglass";
    this.#root.replaceChildren(screen.element);
  }

  #devicesNow(): Partial<JoinForm> {
    const local = this.#call?.local;
    return local ? { cameraId: local.cameraId, microphoneId: local.microphoneId } : {};
  }

  #keepWayBack(): void {
    const call = this.#call;
    if (call?.resume) {
      const { local } = call;
      const back: Return = {
        room: call.state.room,
        name: call.name,
        secret: call.resume,
        camera: local.isOn("camera"),
        microphone: local.isOn("microphone"),
        cameraId: local.cameraId,
        microphoneId: local.microphoneId,
        at: Date.now(),
      };
      saveReturn(sessionStorage, back);
    }
  }
}

/** The browser cannot do what the call demands. */
interface Unsealable {
  readonly why: "unsealable";
  readonly hindrance: Hindrance;
}

/** What a link has, by where the keys come from. */
const KINDS = { group: "mls", link: "key", passphrase: "salt" } as const;

function sealingOf(link: LinkSecret | null): JoinForm["sealing"] {
  const choices = ["group", "link", "passphrase"] as const;
  return choices.find((choice) => KINDS[choice] === link?.kind) ?? "off";
}

/** Follows from the link alone. */
function modeOf(link: LinkSecret | null): Mode {
  if (link === null) {
    return "hop";
  }
  return link.kind === "mls" ? "e2ee-mls" : "e2ee-passphrase";
}

function drawSecret(kind: LinkSecret["kind"]): LinkSecret {
  return { kind, text: encode(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))) };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function endingText(ending: Ending | Unsealable, isSealed: boolean): string {
  const text = words();
  if (ending.why === "unsealable") {
    return text.unsealable[ending.hindrance];
  }
  if (ending.why === "keys") {
    return text.keysLost;
  }
  if (ending.why === "mode") {
    return text.otherMode;
  }
  if (ending.why === "left") {
    return text.youLeft;
  }
  if (ending.why === "refused" && ending.problem.code === "wrong-mode") {
    return text.refused(isSealed ? text.roomIsNotSealed : text.roomIsSealed);
  }
  if (ending.why === "refused") {
    return text.refused(problemText(text, ending.problem));
  }
  return {
    moderator: text.removedByModerator,
    drained: text.serverDrained,
    replaced: text.replaced,
    timeout: text.timedOut,
    failed: text.serverFailed,
  }[ending.reason];
}
