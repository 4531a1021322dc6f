/** Which counters of one key were accepted, so that none is twice. */

/** How far behind the highest counter a frame may come. */
export const WINDOW = 1024;

const MASK = (1n << BigInt(WINDOW)) - 1n;

/** A sliding window, as in RFC 3711 section 3.3.2; `accept` only what is authentic. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n: the counter n below the highest. */
  #seen = 0n;

  /** Whether this counter may still be accepted. */
  isFresh(counter: number): boolean {
    const behind = this.#highest - counter;
    return behind < 0 || (behind < WINDOW && ((this.#seen >> BigInt(behind)) & 1n) === 0n);
  }

  /** Never take this counter again. */
  accept(counter: number): void {
    const ahead = counter - this.#highest;
    if (ahead > 0) {
      this.#seen = ((this.#seen << BigInt(Math.min(ahead, WINDOW))) | 1n) & MASK;
      this.#highest = counter;
    } else {
      this.#seen |= 1n << BigInt(-ahead);
    }
  }
}
