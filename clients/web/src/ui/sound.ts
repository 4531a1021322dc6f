/** Everybody's sound: one element for each stream, whatever the screen shows. */

import type { Call } from "../call/call";
import { receivable } from "../call/state";
import type { Identifier } from "../protocol/messages";
import { h } from "./dom";

export class Sound {
  readonly #element = h("div", { attributes: { hidden: true } });
  readonly #players = new Map<Identifier, HTMLAudioElement>();
  readonly #call: Call;
  readonly #onBlocked: () => void;
  #speakerId = "";

  /** `onBlocked` is called when the browser wants a click before it plays anything. */
  constructor(call: Call, onBlocked: () => void) {
    this.#call = call;
    this.#onBlocked = onBlocked;
    document.body.append(this.#element);
  }

  update(): void {
    const streams = new Map<Identifier, MediaStream>();
    for (const { publication } of receivable(this.#call.state)) {
      const stream = publication.kind === "audio" ? this.#call.stream(publication.id) : null;
      if (stream) {
        streams.set(publication.id, stream);
      }
    }
    for (const [id, player] of this.#players) {
      if (!streams.has(id)) {
        player.srcObject = null;
        player.remove();
        this.#players.delete(id);
      }
    }
    for (const [id, stream] of streams) {
      this.#play(id, stream);
    }
  }

  /** After a click, the browser lets us. */
  unblock(): void {
    for (const player of this.#players.values()) {
      this.#start(player);
    }
  }

  get speakerId(): string {
    return this.#speakerId;
  }

  setSpeaker(id: string): void {
    this.#speakerId = id;
    for (const player of this.#players.values()) {
      this.#route(player);
    }
  }

  dispose(): void {
    for (const player of this.#players.values()) {
      player.srcObject = null;
    }
    this.#element.remove();
  }

  #play(id: Identifier, stream: MediaStream): void {
    const player = this.#players.get(id) ?? this.#add(id);
    if (player.srcObject !== stream) {
      player.srcObject = stream;
      this.#start(player);
    }
  }

  #add(id: Identifier): HTMLAudioElement {
    const player = h("audio", { attributes: { autoplay: true, "data-publication": id } });
    this.#players.set(id, player);
    this.#element.append(player);
    this.#route(player);
    return player;
  }

  #start(player: HTMLAudioElement): void {
    player.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.#onBlocked();
      }
    });
  }

  /** A loudspeaker that has gone leaves the standard one. */
  #route(player: HTMLAudioElement): void {
    if ("setSinkId" in player) {
      player.setSinkId(this.#speakerId).catch(() => undefined);
    }
  }
}
