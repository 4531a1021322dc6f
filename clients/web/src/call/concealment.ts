/** Whether packets tell when a person speaks: a choice that this browser remembers. */

const KEY = "milkglass.hide-speech";

/** As in `localStorage`. */
export interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const LEVELS = /^a=extmap:\S+ urn:ietf:params:rtp-hdrext:ssrc-audio-level(?=\s).*\r?\n/gm;
const OPUS = /^a=rtpmap:(\d+) opus\//gim;

export class Concealment {
  /** Called with each change, by whoever is in a call. */
  changed: (() => void) | null = null;
  readonly #storage: Storage;
  #isOn: boolean;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#isOn = storage.getItem(KEY) !== null;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  set isOn(isOn: boolean) {
    this.#isOn = isOn;
    if (isOn) {
      this.#storage.setItem(KEY, "1");
    } else {
      this.#storage.removeItem(KEY);
    }
    this.changed?.();
  }

  /** An offer as the server gets it. */
  offered(sdp: string): string {
    return this.#isOn ? withoutLevels(sdp) : sdp;
  }

  /** An answer as this browser takes it; what was not offered is not accepted either. */
  answered(sdp: string): string {
    return this.#isOn ? atConstantRate(withoutLevels(sdp)) : sdp;
  }
}

/** Whether the browser took the constant rate: Firefox forgets what its parser does not know. */
export function keepsConstantRate({ remoteDescription }: RTCPeerConnection): boolean {
  return /^a=fmtp:.*\bcbr=1/m.test(remoteDescription?.sdp ?? "");
}

/** No loudness in packets (RFC 6464). */
export function withoutLevels(sdp: string): string {
  return sdp.replace(LEVELS, "");
}

/** Sound takes as many bytes for silence as for speech (RFC 7587 section 6.1). */
export function atConstantRate(sdp: string): string {
  const sections = sdp.split(/^(?=m=)/m);
  return sections
    .map((section) =>
      [...section.matchAll(OPUS)].reduce((text, [, type = ""]) => constant(text, type), section),
    )
    .join("");
}

function constant(section: string, type: string): string {
  const told = new RegExp(`^a=fmtp:${type} (.*)$`, "m").exec(section)?.[1] ?? "";
  const kept = told.split(";").filter((one) => !/^\s*(cbr=|usedtx=|$)/.test(one));
  const parameters = [...kept, "cbr=1", "usedtx=0"].join(";");
  return section
    .replace(new RegExp(`^a=fmtp:${type} .*\r?\n`, "m"), "")
    .replace(
      new RegExp(`^a=rtpmap:${type} .*$`, "m"),
      (line) => `${line}\r\na=fmtp:${type} ${parameters}`,
    );
}
