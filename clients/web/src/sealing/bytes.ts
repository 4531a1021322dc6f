/** Putting byte arrays together. */

/** What WebCrypto takes: bytes that nobody shares. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function utf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** A number of at most 64 bits, big-endian, in so many bytes. */
export function bigEndian(value: number | bigint, length: number): Bytes {
  const bytes = new Uint8Array(length);
  let rest = BigInt(value);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function startsWith(data: Bytes, beginning: Bytes): boolean {
  return data.length >= beginning.length && beginning.every((byte, at) => data[at] === byte);
}
