/** What a person says to being recorded in a sealed call, and the keys that go with a yes. */

import type { ClientMessage, Identifier, Recording } from "../protocol/messages";

export type Answer = "unasked" | "given" | "refused";

/** Who has the keys. */
export interface KeySealer {
  /** Null before there are keys. */
  sealKeys(publicKey: string, recording: Identifier): Promise<string | null>;
}

export interface ConsentEvents {
  /** False when it could not leave. */
  send(message: ClientMessage): boolean;
  /** Come back with other keys: those that were given open everything that is sealed under them. */
  renew(): void;
  changed(): void;
}

export class Consent {
  answer: Answer = "unasked";
  #recording: Recording | null = null;
  readonly #sealer: KeySealer | null;
  readonly #events: ConsentEvents;

  /** Without a sealer the call is not sealed, and nobody is asked. */
  constructor(sealer: KeySealer | null, events: ConsentEvents) {
    this.#sealer = sealer;
    this.#events = events;
  }

  /** Whether the person has to say something. */
  get isOpen(): boolean {
    return this.answer === "unasked" && this.#publicKey !== null;
  }

  /** This runs now, or nothing does. */
  follow(recording: Recording | null): void {
    if (recording?.id !== this.#recording?.id) {
      this.answer = "unasked";
    }
    this.#recording = recording;
  }

  /** We have new keys. */
  rekeyed(): void {
    if (this.answer === "given") {
      void this.#sendKeys();
    }
  }

  give(): void {
    if (this.#publicKey !== null && this.answer !== "given") {
      this.answer = "given";
      void this.#sendKeys();
      this.#events.changed();
    }
  }

  refuse(): void {
    const { answer } = this;
    this.answer = "refused";
    if (answer === "given") {
      this.#events.renew();
    }
    this.#events.changed();
  }

  get #publicKey(): string | null {
    return (this.#sealer && this.#recording?.public_key) ?? null;
  }

  async #sendKeys(): Promise<void> {
    const [recording, key] = [this.#recording?.id, this.#publicKey];
    if (recording === undefined || key === null) {
      return;
    }
    const sealed = await this.#sealer?.sealKeys(key, recording).catch(() => null);
    if (sealed && this.answer === "given" && this.#recording?.id === recording) {
      this.#events.send({ type: "send_recording_keys", recording, sealed });
    }
  }
}
