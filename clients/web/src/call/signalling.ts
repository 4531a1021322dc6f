/** The conversation with the server: joins over each new socket, and notices when nobody answers. */

import { Connection } from "../protocol/connection";
import type { ClientMessage, Join, Offer, ServerMessage } from "../protocol/messages";

/** A server that answers neither `join` nor an offer for so long is not there, whatever TCP says. */
const ANSWER_MS = 6000;

export interface SignallingEvents {
  /** What to join with; asked for each new socket, which has to be open still when it comes. */
  join(): Promise<Join>;
  /** The socket is gone; another try follows on its own. */
  lost(): void;
  received(message: ServerMessage): void;
}

export class Signalling {
  #isJoined = false;
  /** Grows with each socket. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #connection: Connection;
  readonly #events: SignallingEvents;

  constructor(url: string, events: SignallingEvents) {
    this.#events = events;
    this.#connection = new Connection(url, {
      opened: () => void this.#join(),
      lost: () => {
        this.#turn += 1;
        this.#isJoined = false;
        clearTimeout(this.#timer);
        events.lost();
      },
      received: (message) => this.#receive(message),
    });
  }

  open(): void {
    this.#connection.open();
  }

  /** The network may be back. */
  hurry(): void {
    this.#connection.hurry();
  }

  /** Come back over another socket, and join again. */
  renew(): void {
    this.#connection.drop();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  /** False when it could not leave; before the welcome the server listens to `join` only. */
  send(message: ClientMessage): boolean {
    return this.#isJoined && this.#connection.send(message);
  }

  offer(offer: Offer): boolean {
    const sent = this.send(offer);
    if (sent) {
      this.#expectAnswer();
    }
    return sent;
  }

  async #join(): Promise<void> {
    const turn = this.#turn;
    const join = await this.#events.join();
    if (turn === this.#turn) {
      this.#connection.send(join);
      this.#expectAnswer();
    }
  }

  #receive(message: ServerMessage): void {
    if (message.type === "welcome") {
      this.#isJoined = true;
      this.#connection.settled();
    }
    if (answersSomething(message)) {
      clearTimeout(this.#timer);
    }
    this.#events.received(message);
  }

  #expectAnswer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connection.drop(), ANSWER_MS);
  }
}

function answersSomething(message: ServerMessage): boolean {
  const refusesOffer = message.type === "problem" && typeof message.id === "number";
  return message.type === "welcome" || message.type === "answer" || refusesOffer;
}
