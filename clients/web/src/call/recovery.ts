/** What to do when media stops flowing: an ICE restart first, a new connection if that fails. */

/** `disconnected` often mends itself within this time. */
const PATIENCE_MS = 2000;
const RESTART_MS = 6000;
const REBUILD_MS = 10000;

/** Not at once, lest a pair of browser and server that never agree keep each other busy. */
const BROKEN_MS = 1000;

export interface RecoveryActions {
  restart(): void;
  rebuild(): void;
}

export class Recovery {
  #state: RTCPeerConnectionState = "new";
  #signalling = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #actions: RecoveryActions;

  constructor(actions: RecoveryActions) {
    this.#actions = actions;
  }

  /** The peer connection says how it is. */
  stateChanged(state: RTCPeerConnectionState): void {
    this.#state = state;
    if (state === "connected") {
      clearTimeout(this.#timer);
    } else if (state === "disconnected") {
      this.#after(PATIENCE_MS, () => this.restart());
    } else if (state === "failed") {
      this.#after(0, () => this.restart());
    }
  }

  /** Without signalling there is nobody to offer anything to. */
  signallingLost(): void {
    this.#signalling = false;
    clearTimeout(this.#timer);
  }

  signallingFound(): void {
    this.#signalling = true;
  }

  restart(): void {
    this.#actions.restart();
    this.#after(RESTART_MS, () => this.#rebuildUnlessConnected());
  }

  /** The connection cannot be negotiated any further. */
  broken(): void {
    this.#after(BROKEN_MS, () => this.#rebuild());
  }

  #rebuildUnlessConnected(): void {
    if (this.#state !== "connected") {
      this.#rebuild();
    }
  }

  #rebuild(): void {
    this.#actions.rebuild();
    this.#after(REBUILD_MS, () => this.#rebuildUnlessConnected());
  }

  #after(milliseconds: number, action: () => void): void {
    clearTimeout(this.#timer);
    if (this.#signalling) {
      this.#timer = setTimeout(action, milliseconds);
    }
  }
}
