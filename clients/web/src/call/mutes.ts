/** Tells the server which of our tracks are off, once for each change. */

import type { Identifier, MediaSource, Publication } from "../protocol/messages";

export class Mutes {
  readonly #told = new Map<Identifier, boolean>();
  readonly #send: (publication: Identifier, muted: boolean) => void;

  constructor(send: (publication: Identifier, muted: boolean) => void) {
    this.#send = send;
  }

  /** What the server says counts again, not what we told it before. */
  forget(): void {
    this.#told.clear();
  }

  /** Compare what the server knows of our publications with what is on. */
  tell(own: readonly Publication[], isOn: (source: MediaSource) => boolean): void {
    for (const { id, source, muted } of own) {
      const now = !isOn(source);
      if ((this.#told.get(id) ?? muted) !== now) {
        this.#told.set(id, now);
        this.#send(id, now);
      }
    }
  }
}
