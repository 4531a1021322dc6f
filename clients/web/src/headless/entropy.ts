/** Random bytes that the host gives, each used once: V8 alone has none that are good for keys. */

export class Entropy {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #used: number;

  /** Empty; the host writes into `buffer`, from the beginning, and says so by `refill`. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#used = size;
  }

  get buffer(): ArrayBuffer {
    return this.#bytes.buffer;
  }

  /** How many were used: so many belong into the beginning of the buffer. */
  get used(): number {
    return this.#used;
  }

  /** The used ones are new again. */
  refill(): void {
    this.#used = 0;
  }

  /** Fill an array, and forget what filled it; throws, and gives nothing, if there is not enough. */
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    const wanted = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (wanted.length > this.#bytes.length - this.#used) {
      throw new Error("The host gave too few random bytes.");
    }
    const taken = this.#bytes.subarray(this.#used, this.#used + wanted.length);
    wanted.set(taken);
    taken.fill(0);
    this.#used += wanted.length;
    return array;
  }
}
