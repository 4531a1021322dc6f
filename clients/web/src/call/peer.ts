/** The one peer connection of a call, in whichever incarnation it currently is. */

import type { Answer, Identifier, MediaSource, Offer, SectionNote } from "../protocol/messages";
import { type Concealment, keepsConstantRate } from "./concealment";
import { Negotiation } from "./negotiation";
import { Recovery } from "./recovery";
import { isSame, type LocalMedia, Sections, type Transforms, type Wanted } from "./sections";

/** Problems that a new peer connection mends. */
export const TRANSPORT_CODES: ReadonlySet<string> = new Set(["transport-lost", "transport-closed"]);

export interface PeerEvents {
  send(offer: Offer): boolean;
  /** Streams, notes or the connection state are different now. */
  changed(): void;
}

interface Incarnation {
  readonly connection: RTCPeerConnection;
  readonly sections: Sections;
  readonly negotiation: Negotiation;
}

export class Peer {
  readonly #publish = new Map<MediaSource, LocalMedia>();
  #receive: ReadonlyMap<Identifier, Wanted> = new Map();
  #notes: readonly SectionNote[] = [];
  #now: Incarnation;
  readonly #events: PeerEvents;
  readonly #transforms: Transforms | null;
  readonly #concealment: Concealment;
  readonly #recovery = new Recovery({
    restart: () => this.#restartIce(),
    rebuild: () => this.rebuild(),
  });

  /** With transforms, the call is sealed. */
  constructor(events: PeerEvents, transforms: Transforms | null, concealment: Concealment) {
    this.#events = events;
    this.#transforms = transforms;
    this.#concealment = concealment;
    this.#now = this.#incarnate();
    transforms?.pad(concealment.isOn);
    concealment.changed = () => this.#now.negotiation.request();
  }

  get connection(): RTCPeerConnection {
    return this.#now.connection;
  }

  get state(): RTCPeerConnectionState {
    return this.connection.connectionState;
  }

  /** Send this track; one that is sent already is replaced without negotiation. */
  async publish(source: MediaSource, media: LocalMedia): Promise<void> {
    this.#publish.set(source, media);
    const sender = this.#now.sections.sender(source);
    if (sender) {
      // Fails only on a closed connection, and the next one begins with the new track.
      await sender.replaceTrack(media.track).catch(() => undefined);
    } else {
      this.#now.negotiation.request();
    }
  }

  unpublish(source: MediaSource): void {
    if (this.#publish.delete(source)) {
      this.#now.negotiation.request();
    }
  }

  isPublished(source: MediaSource): boolean {
    return this.#publish.has(source);
  }

  receive(publications: ReadonlyMap<Identifier, Wanted>): void {
    const same =
      publications.size === this.#receive.size &&
      [...publications].every(([id, wanted]) => {
        const before = this.#receive.get(id);
        return before !== undefined && isSame(before, wanted);
      });
    if (!same) {
      this.#receive = publications;
      this.#now.negotiation.request();
    }
  }

  stream(publication: Identifier): MediaStream | null {
    return this.#now.sections.stream(publication);
  }

  sender(source: MediaSource): RTCRtpSender | null {
    return this.#now.sections.sender(source);
  }

  /** Which publication arrives on which m-line. */
  received(): ReadonlyMap<string, Identifier> {
    return new Map(this.#now.sections.received().map(({ mid, publication }) => [mid, publication]));
  }

  /** Which of our tracks leaves on which m-line. */
  published(): ReadonlyMap<string, MediaSource> {
    return new Map(this.#now.sections.published().map(({ mid, source }) => [mid, source]));
  }

  /** Which publication comes on which route of a sealed call. */
  routes(): ReadonlyMap<number, Identifier> {
    return this.#now.sections.routes();
  }

  /** Why a publication is not or not fully played, in the server's words. */
  note(publication: Identifier): SectionNote | null {
    const section = this.#now.sections.received().find((s) => s.publication === publication);
    return this.#notes.find(({ mid }) => mid === section?.mid) ?? null;
  }

  async answered(answer: Answer): Promise<void> {
    const sdp = this.#concealment.answered(answer.sdp);
    await this.#now.negotiation.answered({ ...answer, sdp });
    this.#pad();
  }

  refused(id: number): Promise<void> {
    return this.#now.negotiation.refused(id);
  }

  /** The server has given our transport up. */
  transportLost(): void {
    this.#recovery.broken();
  }

  signallingLost(): void {
    this.#recovery.signallingLost();
  }

  /** The server knows us still: go on, over whatever network there is now. */
  resumed(): void {
    this.#recovery.signallingFound();
    if (this.state === "new") {
      this.#now.negotiation.resend();
      this.#now.negotiation.request();
    } else {
      this.#now.negotiation.resend();
      this.#recovery.restart();
    }
  }

  /** The server sees us for the first time. */
  joined(): void {
    this.#recovery.signallingFound();
    if (this.state === "new" && this.connection.localDescription === null) {
      this.#now.negotiation.request();
    } else {
      this.rebuild();
    }
  }

  /** Drop the connection and offer everything on a new one. */
  rebuild(): void {
    this.#dispose();
    this.#now = this.#incarnate();
    this.#now.negotiation.request();
    this.#events.changed();
  }

  close(): void {
    this.#concealment.changed = null;
    this.#recovery.signallingLost();
    this.#dispose();
  }

  /** With the answer, so that an encoder of constant rate is padded no further. */
  #pad(): void {
    const { isOn } = this.#concealment;
    const { sections } = this.#now;
    if (this.#transforms) {
      this.#transforms.pad(isOn);
    } else {
      sections.padSound(isOn && !keepsConstantRate(this.connection));
    }
  }

  #restartIce(): void {
    this.connection.restartIce();
    this.#now.negotiation.request();
  }

  #incarnate(): Incarnation {
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const sections = new Sections(connection, this.#transforms);
    const negotiation = new Negotiation(connection, sections, {
      send: (offer) => this.#events.send({ ...offer, sdp: this.#concealment.offered(offer.sdp) }),
      prepare: () => {
        sections.synchronize(this.#publish, this.#receive);
        sections.tellLevels(!this.#concealment.isOn);
        this.#events.changed();
      },
      answered: (notes) => {
        this.#notes = notes;
        this.#events.changed();
      },
      broken: () => this.#recovery.broken(),
    });
    connection.onconnectionstatechange = () => {
      this.#recovery.stateChanged(connection.connectionState);
      this.#events.changed();
    };
    return { connection, sections, negotiation };
  }

  #dispose(): void {
    this.#notes = [];
    this.connection.onconnectionstatechange = null;
    this.connection.close();
    this.#now.sections.close();
  }
}
