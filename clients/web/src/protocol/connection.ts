/** The WebSocket to the server, opened again whenever it is lost; no DOM, no WebRTC. */

import { reconnectDelay } from "./backoff";
import type { ClientMessage, ServerMessage } from "./messages";
import { parseServerMessage } from "./parse";

/** A server that accepts the connection but never says a word counts as lost after this long. */
const OPEN_TIMEOUT_MS = 5000;

export interface ConnectionEvents {
  /** The socket is open: time to join. */
  opened(): void;
  /** The socket is gone; another try follows on its own. */
  lost(): void;
  received(message: ServerMessage): void;
}

export class Connection {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #url: string;
  readonly #events: ConnectionEvents;

  constructor(url: string, events: ConnectionEvents) {
    this.#url = url;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open(): void {
    if (this.#closed || this.#socket !== null) {
      return;
    }
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lose(socket), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#events.opened();
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lose(socket);
  }

  /** The server has let us in: the next loss starts with the shortest delay again. */
  settled(): void {
    this.#attempt = 0;
  }

  /** Try at once instead of waiting, for instance because the network has come back. */
  hurry(): void {
    if (this.#socket === null) {
      this.#attempt = 0;
      this.open();
    }
  }

  /** Returns false when the message could not leave; nothing is queued. */
  send(message: ClientMessage): boolean {
    if (!this.isOpen) {
      return false;
    }
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** The other end has gone silent: give this socket up and open another. */
  drop(): void {
    if (this.#socket) {
      this.#lose(this.#socket);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#release()?.close();
  }

  #receive(data: unknown): void {
    const message = typeof data === "string" ? parseServerMessage(data) : null;
    if (message !== null) {
      this.#events.received(message);
    }
  }

  #lose(socket: WebSocket): void {
    if (this.#closed || socket !== this.#socket) {
      return;
    }
    this.#release()?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), reconnectDelay(this.#attempt, Math.random()));
    this.#attempt += 1;
    this.#events.lost();
  }

  #release(): WebSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
    }
    return socket;
  }
}
