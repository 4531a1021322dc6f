/** What each tile shows, from the state of the call. */

import type { Call } from "../call/call";
import { canDecode, canOpen } from "../call/layers";
import { refusedFrames } from "../call/seals";
import {
  isSending,
  isTrusted,
  memberOf,
  nameOf,
  others,
  ownPublications,
  verdictOf,
} from "../call/state";
import { OFF } from "../call/wishes";
import { problemText } from "../i18n";
import type { Identifier, MediaSource, Participant, Publication } from "../protocol/messages";
import { chipText, formatBitrate, linesSent } from "./chip";
import type { TileView } from "./tile";
import { language, words } from "./words";

/** How the keys of our own tiles begin; a participant's begin with their id, which has no slash. */
export const OWN = "/self";

/** How the keys of shared screens end. */
export const SCREEN = "/screen";

/** The views of all tiles by key: shared screens first, then people, ourselves at the end. */
export function tileViews(call: Call, enlarged: string | null): Map<string, TileView> {
  const views = new Map<string, TileView>();
  const add = (key: string, view: Omit<TileView, "enlarged">) =>
    views.set(key, { ...view, enlarged: key === enlarged });
  for (const participant of others(call.state)) {
    const screen = find(participant, "screen");
    if (screen) {
      add(participant.id + SCREEN, remoteView(call, participant, screen, true));
    }
  }
  if (call.local.get("screen")) {
    add(OWN + SCREEN, ownView(call, "screen"));
  }
  for (const participant of others(call.state)) {
    add(participant.id, remoteView(call, participant, find(participant, "camera"), false));
  }
  add(OWN, ownView(call, "camera"));
  return views;
}

function find(participant: Participant, source: MediaSource): Publication | null {
  return participant.publications.find((publication) => publication.source === source) ?? null;
}

function remoteView(
  call: Call,
  participant: Participant,
  publication: Publication | null,
  isScreen: boolean,
): Omit<TileView, "enlarged"> {
  const text = words();
  const { id } = participant;
  const name = nameOf(call.state, id);
  const sample = publication && call.stats.get(publication.id);
  const current = publication && (call.state.layers.get(publication.id) ?? null);
  const wish = publication && call.wish(publication.id);
  const hint = standingHint(call, id) || (publication ? hintFor(call, publication, name) : "");
  const layer = current?.layer ?? null;
  const lines = linesSent(publication?.layers ?? [], layer, sample?.latest ?? null);
  const kbps = sample?.latest.kbps ?? 0;
  const trusted = isTrusted(call.state, id);
  const shown = publication !== null && !publication.muted && wish !== OFF && trusted;
  const troubles = trusted ? troublesOf(call, participant, publication, isScreen) : [];
  const refused = publication ? refusedFrames(call.seals.counts(publication.id)) : 0;
  return {
    participant: id,
    publication: publication?.id ?? null,
    title: isScreen ? text.screenOf(name) : name,
    name,
    isSelf: false,
    isScreen,
    stream: publication && call.stream(publication.id),
    hasPicture: shown && hint === "",
    muted: !isScreen && !isSending(participant, "audio"),
    speaking: !isScreen && trusted && call.state.speaker === id,
    away: !participant.connected,
    seal: sealOf(call, id),
    layer,
    chip: chipText(
      shown ? { lines, layer, kbps, refused, troubles } : { ...NOTHING, troubles },
      text,
      language(),
    ),
    history: shown ? (sample?.history ?? []) : [],
    kbps,
    choice: publication ? call.choice(publication.id) : "auto",
    hint,
  };
}

function sealOf({ state }: Call, id: Identifier): TileView["seal"] {
  if (state.mode !== "e2ee-mls") {
    return state.mode === "hop" ? null : isTrusted(state, id) ? "shared" : "broken";
  }
  const member = memberOf(state, id);
  if (member === null) {
    return "waiting";
  }
  const verdict = verdictOf(state, member);
  return verdict === "verified" ? verdict : verdict === "changed" ? "broken" : "sealed";
}

/** In a sealed call, why nothing of somebody's is played. */
function standingHint(call: Call, id: Identifier): string {
  if (isTrusted(call.state, id)) {
    return "";
  }
  const text = words();
  const name = nameOf(call.state, id);
  if (call.state.mode === "e2ee-mls") {
    return memberOf(call.state, id) ? text.verdicts.changed : text.waitingForKeys;
  }
  return call.state.standings.get(id) === "copied" ? text.copiedKey(name) : text.otherKey(name);
}

const NOTHING = { lines: 0, layer: null, kbps: 0, refused: 0 };

/** What is wrong with the picture of a tile, and with the sound of whom it shows. */
function troublesOf(
  { seals }: Call,
  participant: Participant,
  publication: Publication | null,
  isScreen: boolean,
): string[] {
  const text = words();
  const sound = isScreen ? null : find(participant, "microphone");
  const isHeldBack = [publication, sound].some((one) => one !== null && seals.isDelayed(one.id));
  const isMissing = sound !== null && !sound.muted && seals.isFrozen(sound.id);
  return [isHeldBack ? text.delayed : "", isMissing ? text.soundFrozen : ""].filter(Boolean);
}

/** Why there is no picture, as far as that needs saying. */
function hintFor(call: Call, publication: Publication, name: string): string {
  if (call.seals.isWaiting(publication.id)) {
    return words().waitingForKeys;
  }
  if (call.choice(publication.id) === "off") {
    return words().pictureOff;
  }
  const { codec } = publication;
  if (codec !== null && !(canDecode(codec) && (!call.isSealed || canOpen(codec)))) {
    return words().cannotDecode(codec);
  }
  const note = call.note(publication.id);
  if (note) {
    return problemText(words(), note);
  }
  return isFrozen(call, publication) ? words().frozen(name) : "";
}

/** A picture that stands still although it is wanted, and sent. */
function isFrozen(call: Call, { id, muted }: Publication): boolean {
  return !muted && call.wish(id) !== OFF && call.seals.isFrozen(id);
}

const ownStreams = new WeakMap<MediaStreamTrack, MediaStream>();

function ownView(call: Call, source: "camera" | "screen"): Omit<TileView, "enlarged"> {
  const track = call.local.get(source);
  const stats = call.stats.get(source);
  const isScreen = source === "screen";
  const self = call.state.self ?? "";
  const title = `${call.name} (${words().you})`;
  return {
    participant: self,
    publication: ownPublications(call.state).find((own) => own.source === source)?.id ?? null,
    title: isScreen ? words().screenOf(title) : title,
    name: call.name,
    isSelf: true,
    isScreen,
    stream: track && streamOf(track),
    hasPicture: track !== null,
    muted: !isScreen && !call.local.isOn("microphone"),
    speaking: !isScreen && self !== "" && call.state.speaker === self,
    away: false,
    seal: ownSeal(call),
    layer: null,
    chip: track && stats ? sentText(stats.latest) : "",
    history: track ? (stats?.history ?? []) : [],
    kbps: stats?.latest.kbps ?? 0,
    choice: "auto",
    hint: "",
  };
}

function ownSeal({ state }: Call): TileView["seal"] {
  if (state.mode === "e2ee-mls") {
    return state.group === null ? "waiting" : "sealed";
  }
  return state.mode === "hop" ? null : "shared";
}

function streamOf(track: MediaStreamTrack): MediaStream {
  const known = ownStreams.get(track);
  const stream = known ?? new MediaStream([track]);
  ownStreams.set(track, stream);
  return stream;
}

/** What the encoder really does: `VP9 L3T3_KEY · 1280×720 · 2.1 Mbit/s`. */
function sentText(sample: {
  readonly codec: string;
  readonly scalabilityMode: string;
  readonly width: number;
  readonly height: number;
  readonly kbps: number;
}): string {
  const parts = [
    [sample.codec, sample.scalabilityMode].filter(Boolean).join(" "),
    sample.width > 0 ? `${sample.width}×${sample.height}` : "",
    formatBitrate(sample.kbps, language()),
  ];
  return parts.filter(Boolean).join(" · ");
}
