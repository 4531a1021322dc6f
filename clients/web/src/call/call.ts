/** One call: what the server says, what we send and receive, and the way back after a loss. */

import type { Somebody, Trust } from "../identity/trust";
import { LocalTracks } from "../media/local";
import type {
  Height,
  Identifier,
  Join,
  MediaSource,
  Mode,
  Problem,
  Welcome,
} from "../protocol/messages";
import type { Keeper } from "../sealing/keeper";
import type { CameraFormat } from "../settings";
import type { Concealment } from "./concealment";
import { Consent } from "./consent";
import type { Ending, Phase } from "./ending";
import { type Glimpses, parseGlimpses } from "./glimpses";
import type { Heard } from "./hearing";
import { chooseEncoding, type EncodingWish, readsDescriptors, sealableWish } from "./layers";
import { Meter } from "./meter";
import { Mutes } from "./mutes";
import { type Notice, noticesOf } from "./notices";
import { Peer, TRANSPORT_CODES } from "./peer";
import { type Protection, protect } from "./protection";
import type { Seals } from "./seals";
import type { LocalMedia, Wanted } from "./sections";
import { fetchVisibility, parseSheet, type Sheet } from "./sheet";
import { Signalling } from "./signalling";
import { type CallState, emptyState, ownPublications, receivable, reduce, withheld } from "./state";
import type { StatsBook } from "./stats";
import { type Choice, Wishes } from "./wishes";

export interface CallOptions {
  readonly url: string;
  readonly room: string;
  readonly name: string;
  readonly token: string | null;
  /** Secret of an earlier visit that this one continues. */
  readonly resume: string | null;
  readonly camera: CameraFormat;
  readonly encoding: EncodingWish;
  readonly knowsLayers: boolean;
  /** Nothing that a server says changes it. */
  readonly mode: Mode;
  /** Who has the keys; null for a call that is not sealed. */
  readonly keeper: Keeper | null;
  /** Whom this browser has met before. */
  readonly trust: Trust;
  readonly concealment: Concealment;
}

export interface CallEvents {
  changed(): void;
  noticed(notice: Notice): void;
  unplugged(source: MediaSource): void;
  /** New statistics are there. */
  measured(): void;
  ended(ending: Ending): void;
}

export class Call {
  readonly local: LocalTracks;
  state: CallState;
  phase: Phase = "connecting";
  /** What the person says to being recorded. */
  readonly consent: Consent;
  #resume: string | null;
  #changePending = false;
  /** What the server made of the room, asked anew; null if it does not tell us. */
  readonly askSheet = (): Promise<Sheet | null> =>
    fetchVisibility(this.#options.room, this.#options.token, "", parseSheet);
  /** What the server got out of the streams of the room when it tried. */
  readonly askGlimpses = (): Promise<Glimpses | null> =>
    fetchVisibility(this.#options.room, this.#options.token, "/glimpses", parseGlimpses);
  readonly #options: CallOptions;
  readonly #events: CallEvents;
  readonly #signalling: Signalling;
  readonly #peer: Peer;
  readonly #wishes: Wishes;
  readonly #meter: Meter;
  readonly #mutes: Mutes;
  readonly #protection: Protection;

  constructor(options: CallOptions, events: CallEvents) {
    this.#options = options;
    this.#events = events;
    this.#resume = options.resume;
    this.state = emptyState(options.room, options.mode);
    this.local = new LocalTracks(options.camera, {
      changed: (source) => this.#localChanged(source),
      unplugged: (source) => events.unplugged(source),
    });
    this.#wishes = new Wishes((publication, height) =>
      this.#signalling.send({ type: "wish", publication, height }),
    );
    const { keeper } = options;
    this.#peer = new Peer(
      { send: (offer) => this.#signalling.offer(offer), changed: () => this.#changed() },
      keeper,
      options.concealment,
    );
    this.#meter = new Meter(this.#peer, keeper, {
      measured: () => events.measured(),
      report: (refused) => this.#signalling.send({ type: "report_refusals", ...refused }),
    });
    this.#protection = protect(options.mode, keeper, options.name, {
      send: (message) => this.#signalling.send(message),
      deliver: (message) => this.#receive(message),
      rekeyed: () => this.consent.rekeyed(),
      rejoin: () => this.#signalling.renew(),
      failed: () => this.#end({ why: "keys" }),
    });
    this.consent = new Consent(keeper, {
      send: (message) => this.#signalling.send(message),
      renew: () => this.#protection.renew(),
      changed: () => this.#changed(),
    });
    this.#mutes = new Mutes((publication, muted) =>
      this.#signalling.send({ type: "set_muted", publication, muted }),
    );
    this.#signalling = new Signalling(options.url, {
      join: () => this.#join(),
      lost: () => this.#lost(),
      received: (message) => this.#protection.receive(message),
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** What a reload needs to return as the same participant; null before the server let us in. */
  get resume(): string | null {
    return this.#resume;
  }

  get stats(): StatsBook {
    return this.#meter.stats;
  }

  /** What became of sealed frames. */
  get seals(): Seals {
    return this.#meter.seals;
  }

  /** What was refused of what members of the group say and do, by reason. */
  get groupRefusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#protection.refusals ?? []);
  }

  get isSealed(): boolean {
    return this.#options.keeper !== null;
  }

  /** What this browser knew of people was damaged, so that everybody is new to it. */
  get hasForgotten(): boolean {
    return this.#options.trust.isForgotten;
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#peer.state;
  }

  /** Join, unless the person has left already. */
  start(): void {
    if (this.phase !== "over") {
      this.#signalling.open();
      this.#meter.start();
    }
  }

  leave(): void {
    this.#signalling.send({ type: "leave" });
    this.#end({ why: "left" });
  }

  /** The network may be back. */
  hurry(): void {
    this.#signalling.hurry();
  }

  stream(publication: Identifier): MediaStream | null {
    return this.#peer.stream(publication);
  }

  /** Why a publication cannot be played, in words; null when it can. */
  note(publication: Identifier): { readonly code: string; readonly reason: string } | null {
    return this.#peer.note(publication);
  }

  choice(publication: Identifier): Choice {
    return this.#wishes.choice(publication);
  }

  wish(publication: Identifier): Height | null {
    return this.#wishes.wish(publication);
  }

  choose(publication: Identifier, choice: Choice): void {
    this.#wishes.choose(publication, choice);
    this.#changed();
  }

  fit(publication: Identifier, height: Height): void {
    this.#wishes.fit(publication, height);
  }

  /** False when it could not leave. */
  sendChat(text: string): Promise<boolean> {
    return this.#protection.say(text);
  }

  askMute(publication: Identifier): void {
    this.#signalling.send({ type: "ask_mute", publication });
  }

  remove(participant: Identifier): void {
    this.#signalling.send({ type: "remove", participant });
  }

  /** Somebody may have the name that somebody else had: they are played from now on. */
  accept(members: readonly Somebody[]): void {
    for (const { person, name } of members) {
      this.#options.trust.accept(person, name);
    }
    this.#judge();
  }

  /** These are who they say: their code was compared. */
  verify(members: readonly Somebody[]): void {
    this.#options.trust.verify(members);
    this.#judge();
  }

  /** Counters of what arrives of a publication. */
  inbound(publication: Identifier): Promise<Record<string, unknown> | null> {
    return this.#meter.inbound(publication);
  }

  async #join(): Promise<Join> {
    const { room, name, token, mode } = this.#options;
    const hello = await this.#protection.introduce();
    return { type: "join", room, name, mode, hello, token, resume: this.#resume };
  }

  #lost(): void {
    this.#protection.lost();
    this.#peer.signallingLost();
    if (this.phase === "joined") {
      this.phase = "reconnecting";
    }
    this.#changed();
  }

  #receive(said: Heard): void {
    if (this.#isOver()) {
      return;
    }
    const message = withheld(this.state, said);
    if (message.type === "welcome" && message.mode !== this.state.mode) {
      this.#signalling.send({ type: "leave" });
      this.#end({ why: "mode", mode: message.mode });
      return;
    }
    const before = this.state;
    this.state = this.#judged(reduce(before, message), before);
    this.consent.follow(this.state.recording);
    this.#react(message);
    for (const notice of this.#isOver() ? [] : noticesOf(before, this.state, message)) {
      this.#events.noticed(notice);
    }
    if (this.state !== before) {
      this.#follow();
      this.#changed();
    }
  }

  /** Nobody of the group is played before we have seen whether we know them. */
  #judged(state: CallState, before: CallState): CallState {
    return state.members === before.members
      ? state
      : { ...state, verdicts: this.#options.trust.judge(state.members) };
  }

  #judge(): void {
    this.state = { ...this.state, verdicts: this.#options.trust.judge(this.state.members) };
    this.#follow();
    this.#changed();
  }

  #react(message: Heard): void {
    if (message.type === "welcome") {
      this.#welcomed(message);
    } else if (message.type === "answer") {
      void this.#peer.answered(message);
    } else if (message.type === "problem") {
      this.#refused(message);
    } else if (message.type === "removed") {
      this.#end({ why: "removed", reason: message.reason });
    }
  }

  #welcomed(welcome: Welcome): void {
    this.phase = "joined";
    this.#resume = welcome.resume;
    this.#mutes.forget();
    for (const source of ["camera", "microphone", "screen", "screen_audio"] as const) {
      this.#publish(source);
    }
    this.#follow();
    if (welcome.resumed) {
      this.#peer.resumed();
    } else {
      this.#peer.joined();
    }
    this.#wishes.repeat();
  }

  #refused(problem: Problem): void {
    if (problem.fatal || this.phase === "connecting") {
      this.#end({ why: "refused", problem });
      return;
    }
    if (typeof problem.id === "number") {
      void this.#peer.refused(problem.id);
    }
    if (TRANSPORT_CODES.has(problem.code)) {
      this.#peer.transportLost();
    }
  }

  /** Receive what there is, and say which of our own tracks are muted. */
  #follow(): void {
    const publications = receivable(this.state);
    const wanted = new Map<Identifier, Wanted>(
      publications.map(({ participant, publication: { id, kind, source } }) => {
        return [id, { kind, source, participant: participant.id }];
      }),
    );
    this.#peer.receive(wanted);
    this.#wishes.keep(new Set(wanted.keys()));
    this.#mutes.tell(ownPublications(this.state), (source) => this.local.isOn(source));
  }

  #localChanged(source: MediaSource): void {
    if (this.phase === "over") {
      return;
    }
    this.#publish(source);
    this.#follow();
    this.#changed();
  }

  /** A camera or microphone that is off stays published and muted; a screen is gone when it ends. */
  #publish(source: MediaSource): void {
    const track = this.local.get(source);
    const keeps = source === "camera" || source === "microphone";
    if (track ? this.state.mayPublish : keeps && this.#peer.isPublished(source)) {
      void this.#peer.publish(source, this.#media(source, track));
    } else {
      this.#peer.unpublish(source);
    }
  }

  #media(source: MediaSource, track: MediaStreamTrack | null): LocalMedia {
    const { encoding, knowsLayers } = this.#options;
    const isVideo = source === "camera" || source === "screen";
    const wish = this.isSealed ? sealableWish(encoding, readsDescriptors()) : encoding;
    return { track, encoding: isVideo ? chooseEncoding(source, wish, knowsLayers) : null };
  }

  #isOver(): boolean {
    return this.phase === "over";
  }

  #end(ending: Ending): void {
    if (this.#isOver()) {
      return;
    }
    this.phase = "over";
    this.#resume = null;
    this.#meter.stop();
    this.#signalling.close();
    this.#peer.close();
    this.local.close();
    this.#options.keeper?.close();
    this.#events.ended(ending);
  }

  /** Several changes at once are drawn once. */
  #changed(): void {
    if (!this.#changePending) {
      this.#changePending = true;
      queueMicrotask(() => {
        this.#changePending = false;
        if (this.phase !== "over") {
          this.#events.changed();
        }
      });
    }
  }
}
