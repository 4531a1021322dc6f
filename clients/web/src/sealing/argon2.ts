/** Argon2id of `@noble/hashes`, whose license goes with it into what is built. */

/*!
 * @noble/hashes
 *
 * The MIT License (MIT)
 *
 * Copyright (c) 2022 Paul Miller (https://paulmillr.com)
 *
 * Permission is hereby granted, free of charge, to any person obtaining a copy
 * of this software and associated documentation files (the "Software"), to deal
 * in the Software without restriction, including without limitation the rights
 * to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 * copies of the Software, and to permit persons to whom the Software is
 * furnished to do so, subject to the following conditions:
 *
 * The above copyright notice and this permission notice shall be included in
 * all copies or substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 * IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 * FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 * AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 * LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 * OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
 * THE SOFTWARE.
 */

import { argon2id } from "@noble/hashes/argon2.js";
import { type Bytes, utf8 } from "./bytes";

const MEMORY_KIB = 64 * 1024;
const PASSES = 3;

/** Argon2id (RFC 9106) of what a person can remember; takes seconds, and blocks its thread. */
export function stretch(passphrase: string, salt: Bytes): Bytes {
  const options = { m: MEMORY_KIB, t: PASSES, p: 1, dkLen: 32 };
  return new Uint8Array(argon2id(utf8(passphrase), salt, options));
}
