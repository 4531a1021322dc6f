/** Offers, one at a time: whatever changes while one is under way goes into the next. */

import type {
  Answer,
  Offer,
  PublishedSection,
  ReceivedSection,
  SectionNote,
} from "../protocol/messages";

export interface NegotiationEvents {
  /** Returns false when the offer could not leave; `resend` is called once it can. */
  send(offer: Offer): boolean;
  /** Bring the sections up to date: an offer is about to be made. */
  prepare(): void;
  answered(notes: readonly SectionNote[]): void;
  /** The browser refused its own offer or the answer: this connection is of no more use. */
  broken(): void;
}

/** What an offer says of its m-lines. */
export interface Described {
  readonly isEmpty: boolean;
  published(): PublishedSection[];
  received(): ReceivedSection[];
}

/** Ids differ between all connections of this page, so that a late answer finds nobody. */
let nextId = 1;

export class Negotiation {
  #wanted = false;
  #busy = false;
  #pending: Offer | null = null;
  readonly #connection: RTCPeerConnection;
  readonly #sections: Described;
  readonly #events: NegotiationEvents;

  constructor(connection: RTCPeerConnection, sections: Described, events: NegotiationEvents) {
    this.#connection = connection;
    this.#sections = sections;
    this.#events = events;
  }

  /** Something changed: offer it as soon as possible. */
  request(): void {
    this.#wanted = true;
    // Later in this turn of the event loop, so that changes made together travel together.
    queueMicrotask(() => void this.#offer());
  }

  /** The socket has returned: what was under way is said again. */
  resend(): void {
    if (this.#pending) {
      this.#pending = { ...this.#pending, id: nextId++ };
      this.#events.send(this.#pending);
    }
  }

  async answered(answer: Answer): Promise<void> {
    if (this.#pending?.id !== answer.id) {
      return;
    }
    this.#pending = null;
    try {
      await this.#connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    } catch {
      this.#fail();
      return;
    }
    this.#events.answered(answer.notes);
    this.#finish();
  }

  /** The server refused an offer; it is taken back and not tried again until something changes. */
  async refused(id: number): Promise<void> {
    if (this.#pending?.id !== id) {
      return;
    }
    this.#pending = null;
    try {
      await this.#connection.setLocalDescription({ type: "rollback" });
    } catch {
      this.#fail();
      return;
    }
    this.#finish();
  }

  async #offer(): Promise<void> {
    if (this.#busy || !this.#wanted || this.#connection.signalingState === "closed") {
      return;
    }
    this.#wanted = false;
    this.#events.prepare();
    if (this.#sections.isEmpty) {
      return;
    }
    this.#busy = true;
    try {
      await this.#connection.setLocalDescription();
    } catch {
      this.#fail();
      return;
    }
    this.#pending = {
      type: "offer",
      id: nextId++,
      sdp: this.#connection.localDescription?.sdp ?? "",
      publish: this.#sections.published(),
      receive: this.#sections.received(),
    };
    this.#events.send(this.#pending);
  }

  #finish(): void {
    this.#busy = false;
    void this.#offer();
  }

  /** A connection that was closed meanwhile fails for good reason, and nobody cares. */
  #fail(): void {
    if (this.#connection.signalingState !== "closed") {
      this.#events.broken();
    }
  }
}
