/** One call: what the server says, what we send and receive, and the way back after a loss. */

import { LocalTracks } from "../media/local";
import { Connection } from "../protocol/connection";
import type {
  Answer,
  ClientMessage,
  Height,
  Identifier,
  MediaSource,
  Offer,
  Problem,
  Removed,
  ServerMessage,
  Welcome,
} from "../protocol/messages";
import type { CameraFormat } from "../settings";
import { chooseEncoding, type EncodingWish } from "./layers";
import { type Notice, noticeOf } from "./notices";
import { Peer } from "./peer";
import type { LocalMedia } from "./sections";
import { type CallState, emptyState, ownPublications, receivable, reduce } from "./state";
import { inboundFields, StatsBook } from "./stats";
import { type Choice, Wishes } from "./wishes";

const STATS_MS = 1000;

/** A server that answers neither `join` nor an offer for so long is not there, whatever TCP believes. */
const ANSWER_MS = 6000;

/** Problems that a new peer connection mends. */
const TRANSPORT_CODES: ReadonlySet<string> = new Set(["transport-lost", "transport-closed"]);

export type Phase = "connecting" | "joined" | "reconnecting" | "over";

/** Why a call is over: we left, the server put us out, or it did not let us in. */
export type Ending =
  | { readonly why: "left" }
  | { readonly why: "removed"; readonly reason: Removed["reason"] }
  | { readonly why: "refused"; readonly problem: Problem };

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
  readonly stats = new StatsBook();
  state: CallState;
  phase: Phase = "connecting";
  #resume: string | null;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  #statsTimer: ReturnType<typeof setInterval> | undefined;
  #changePending = false;
  readonly #toldMuted = new Map<Identifier, boolean>();
  readonly #options: CallOptions;
  readonly #events: CallEvents;
  readonly #connection: Connection;
  readonly #peer: Peer;
  readonly #wishes: Wishes;

  constructor(options: CallOptions, events: CallEvents) {
    this.#options = options;
    this.#events = events;
    this.#resume = options.resume;
    this.state = emptyState(options.room);
    this.local = new LocalTracks(options.camera, {
      changed: (source) => this.#localChanged(source),
      unplugged: (source) => events.unplugged(source),
    });
    this.#wishes = new Wishes((publication, height) => this.#sendWish(publication, height));
    this.#peer = new Peer({
      send: (offer) => this.#sendOffer(offer),
      changed: () => this.#changed(),
    });
    this.#connection = new Connection(options.url, {
      opened: () => this.#join(),
      lost: () => this.#lost(),
      received: (message) => this.#receive(message),
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** What a reload needs to return as the same participant; null before the server let us in. */
  get resume(): string | null {
    return this.#resume;
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#peer.state;
  }

  start(): void {
    this.#connection.open();
    this.#statsTimer = setInterval(() => void this.#measure(), STATS_MS);
  }

  leave(): void {
    this.#connection.send({ type: "leave" });
    this.#end({ why: "left" });
  }

  /** The network may be back. */
  hurry(): void {
    this.#connection.hurry();
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

  sendChat(text: string): boolean {
    return this.#connection.send({ type: "send_chat", text });
  }

  askMute(publication: Identifier): void {
    this.#connection.send({ type: "ask_mute", publication });
  }

  remove(participant: Identifier): void {
    this.#connection.send({ type: "remove", participant });
  }

  /** Counters of what arrives of a publication. */
  async inbound(publication: Identifier): Promise<Record<string, unknown> | null> {
    const report = await this.#peer.connection.getStats();
    const mid = [...this.#peer.received()].find(([, id]) => id === publication)?.[0];
    return mid === undefined ? null : inboundFields(report, mid);
  }

  #join(): void {
    const { room, name, token } = this.#options;
    this.#connection.send({ type: "join", room, name, mode: "hop", token, resume: this.#resume });
    this.#expectAnswer();
  }

  #expectAnswer(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => this.#connection.drop(), ANSWER_MS);
  }

  #lost(): void {
    clearTimeout(this.#answerTimer);
    this.#peer.signallingLost();
    if (this.phase === "joined") {
      this.phase = "reconnecting";
    }
    this.#changed();
  }

  #receive(message: ServerMessage): void {
    const before = this.state;
    this.state = reduce(before, message);
    this.#react(message);
    const notice = this.phase === "over" ? null : noticeOf(before, message);
    if (notice) {
      this.#events.noticed(notice);
    }
    if (this.state !== before) {
      this.#follow();
      this.#changed();
    }
  }

  #react(message: ServerMessage): void {
    if (message.type === "welcome") {
      this.#welcomed(message);
    } else if (message.type === "answer") {
      this.#answered(message);
    } else if (message.type === "problem") {
      this.#refused(message);
    } else if (message.type === "removed") {
      this.#end({ why: "removed", reason: message.reason });
    }
  }

  #welcomed(welcome: Welcome): void {
    clearTimeout(this.#answerTimer);
    this.phase = "joined";
    this.#resume = welcome.resume;
    this.#toldMuted.clear();
    this.#connection.settled();
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

  #answered(answer: Answer): void {
    clearTimeout(this.#answerTimer);
    void this.#peer.answered(answer);
  }

  #refused(problem: Problem): void {
    if (problem.id !== null && problem.id !== undefined) {
      clearTimeout(this.#answerTimer);
      void this.#peer.refused(problem.id);
    }
    if (TRANSPORT_CODES.has(problem.code)) {
      this.#peer.transportLost();
    }
    if (problem.fatal || this.phase === "connecting") {
      this.#end({ why: "refused", problem });
    }
  }

  /** Receive what there is, and say which of our own tracks are muted. */
  #follow(): void {
    const publications = receivable(this.state);
    const kinds = publications.map(({ publication: { id, kind } }) => [id, kind] as const);
    this.#peer.receive(new Map(kinds));
    this.#wishes.keep(new Set(kinds.map(([id]) => id)));
    for (const { id, source, muted } of ownPublications(this.state)) {
      const now = !this.local.isOn(source);
      if ((this.#toldMuted.get(id) ?? muted) !== now) {
        this.#toldMuted.set(id, now);
        this.#connection.send({ type: "set_muted", publication: id, muted: now });
      }
    }
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
    return { track, encoding: isVideo ? chooseEncoding(source, encoding, knowsLayers) : null };
  }

  #sendOffer(offer: Offer): boolean {
    const sent = this.#sendJoined(offer);
    if (sent) {
      this.#expectAnswer();
    }
    return sent;
  }

  #sendWish(publication: Identifier, height: Height): boolean {
    return this.#sendJoined({ type: "wish", publication, height });
  }

  /** Between the opening of a socket and the welcome, the server listens to nothing but `join`. */
  #sendJoined(message: ClientMessage): boolean {
    return this.phase === "joined" && this.#connection.send(message);
  }

  async #measure(): Promise<void> {
    const { connection } = this.#peer;
    const [received, published] = [this.#peer.received(), this.#peer.published()];
    this.stats.read(await connection.getStats(), received, published);
    this.#events.measured();
  }

  #end(ending: Ending): void {
    if (this.phase === "over") {
      return;
    }
    this.phase = "over";
    this.#resume = null;
    clearTimeout(this.#answerTimer);
    clearInterval(this.#statsTimer);
    this.#connection.close();
    this.#peer.close();
    this.local.close();
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
