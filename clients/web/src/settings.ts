/** What the page's address says: the room, the invitation, and overrides for tests and links. */

import type { EncodingWish, VideoCodec } from "./call/layers";
import { decode } from "./sealing/base64url";

export interface CameraFormat {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
}

const SECRETS = ["key", "salt", "mls"] as const;

/**
 * What a link says of the keys of a sealed call: the secret itself, the salt of a passphrase, or the
 * secret that invites into a group.
 */
export interface LinkSecret {
  readonly kind: (typeof SECRETS)[number];
  readonly text: string;
}

export interface Settings {
  readonly room: string;
  readonly name: string;
  readonly token: string | null;
  /** The call has to be sealed, unless it is null; with a damaged link there is no call. */
  readonly secret: LinkSecret | "damaged" | null;
  readonly autojoin: boolean;
  readonly camera: CameraFormat | null;
  readonly microphone: boolean;
  readonly encoding: EncodingWish;
  readonly language: string | null;
}

export const DEFAULT_CAMERA: CameraFormat = { width: 1280, height: 720, frameRate: 30 };

const ROOM = /^[A-Za-z0-9_-]{1,64}$/;
/** Of a secret in a link, and of a salt there. */
export const SECRET_BYTES = 16;

const CODECS: readonly VideoCodec[] = ["vp8", "vp9", "av1", "h264"];

export function isRoomName(text: string): boolean {
  return ROOM.test(text);
}

/** Control characters, line breaks, and what turns the text around a name: the server refuses it. */
const DISORDERLY = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** A name as others may see it; empty when there is nothing to see. */
export function tidyName(text: string): string {
  const name = [...text.replace(DISORDERLY, " ").trim()].slice(0, 64).join("");
  return /[^\p{C}\p{Z}]/u.test(name) ? name : "";
}

const MOODS = ["bright", "calm", "clear", "gentle", "misty", "quiet", "silver", "soft"] as const;
const PLACES = [
  "brook",
  "garden",
  "harbour",
  "island",
  "meadow",
  "orchard",
  "pond",
  "window",
] as const;

/** A name for a room that nobody else is likely to think of; `random` gives numbers in 0..1. */
export function suggestRoom(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  return `${pick(MOODS)}-${pick(PLACES)}-${Math.floor(1000 + random() * 9000)}`;
}

const THIS_MACHINE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * The same, but nobody's link switches a camera on without a click: only pages of this machine join
 * by themselves, and browsers that a program drives anyway.
 */
export function withoutSurprises(settings: Settings, hostname: string, driven: boolean): Settings {
  const autojoin = settings.autojoin && (driven || THIS_MACHINE.has(hostname));
  return { ...settings, autojoin };
}

/** The page of a room, without the invitation. */
export function roomPath(room: string): string {
  return `/room/${encodeURIComponent(room)}`;
}

/** The fragment with this secret in it, beside whatever else it says. */
export function fragmentWith(fragment: string, secret: LinkSecret): string {
  const words = new URLSearchParams(fragment.slice(1));
  words.set(secret.kind, secret.text);
  return `#${words}`;
}

export function parseSettings(url: URL): Settings {
  const query = url.searchParams;
  const fragment = new URLSearchParams(url.hash.slice(1));
  return {
    room: roomOf(url.pathname),
    name: tidyName(query.get("name") ?? ""),
    token: fragment.get("token"),
    secret: parseSecret(fragment),
    autojoin: isOn(query.get("autojoin")),
    camera: parseCamera(query.get("camera")),
    microphone: query.get("mic") !== "0",
    encoding: {
      codec: CODECS.find((codec) => codec === query.get("codec")) ?? null,
      scalabilityMode: query.get("mode"),
    },
    language: query.get("lang"),
  };
}

/** One secret of one kind. Anything else in their place was one once, and must not count as none. */
function parseSecret(fragment: URLSearchParams): LinkSecret | "damaged" | null {
  const found = SECRETS.flatMap((kind) => fragment.getAll(kind).map((text) => ({ kind, text })));
  const [secret] = found;
  if (secret === undefined) {
    return null;
  }
  const isWhole = decode(secret.text)?.length === SECRET_BYTES;
  return found.length === 1 && isWhole ? secret : "damaged";
}

function isOn(value: string | null): boolean {
  return value !== null && value !== "0";
}

function roomOf(path: string): string {
  const room = /^\/room\/([^/]+)\/?$/.exec(path)?.[1] ?? "";
  return isRoomName(room) ? room : "";
}

/** `320x180@15`; `0` is no camera; anything else the usual one. */
function parseCamera(value: string | null): CameraFormat | null {
  if (value === "0") {
    return null;
  }
  const match = /^(\d{2,4})x(\d{2,4})(?:@(\d{1,3}))?$/.exec(value ?? "");
  if (!match) {
    return DEFAULT_CAMERA;
  }
  const [, width, height, rate] = match;
  return {
    width: Number(width),
    height: Number(height),
    frameRate: Number(rate ?? DEFAULT_CAMERA.frameRate),
  };
}
