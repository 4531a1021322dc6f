/** Gives a bare V8 what the program expects of a browser's world; import it before all else. */

import { fromBase64, toBase64 } from "./base64";
import { Entropy } from "./entropy";
import { Utf8Decoder, Utf8Encoder } from "./utf8";

/** What one call may use: adding 200 to a group of 1024 takes about 40 kB. */
const ENTROPY_BYTES = 64 * 1024;

export const entropy = new Entropy(ENTROPY_BYTES);

Object.assign(globalThis, {
  TextEncoder: Utf8Encoder,
  TextDecoder: Utf8Decoder,
  btoa: toBase64,
  atob: fromBase64,
  crypto: {
    getRandomValues: <T extends ArrayBufferView>(array: T): T => entropy.getRandomValues(array),
  },
});
