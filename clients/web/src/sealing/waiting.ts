/** Frames that came before their keys, kept for a moment. */

const MOST = 64;
const LONGEST_MS = 1000;

export class Waiting<T> {
  #frames: { readonly frame: T; readonly until: number }[] = [];

  /** False if too many are waiting already. `now` is in milliseconds. */
  hold(frame: T, now: number): boolean {
    if (this.#frames.length >= MOST) {
      return false;
    }
    this.#frames.push({ frame, until: now + LONGEST_MS });
    return true;
  }

  /** Forget those that have waited for too long, and say how many. */
  expire(now: number): number {
    const before = this.#frames.length;
    this.#frames = this.#frames.filter(({ until }) => now < until);
    return before - this.#frames.length;
  }

  /** All of them, in the order in which they came; none waits any more. */
  take(): T[] {
    const frames = this.#frames.map(({ frame }) => frame);
    this.#frames = [];
    return frames;
  }
}
