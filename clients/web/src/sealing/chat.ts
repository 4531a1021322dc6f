/** Lines of chat, sealed and padded, as text that a server relays. */

import { decode, encode } from "./base64url";
import { type Bytes, bigEndian, concat, utf8 } from "./bytes";
import { kidOf, MAX_COUNTER, metadataOf, type Sender, STREAMS } from "./frames";
import { readText } from "./passphrase";
import { ReplayWindow } from "./replay";
import { NotSFrame, readHeader, SealError, SFrameKey } from "./sframe";

/** Lines are padded to multiples of this, so that their length tells little. */
const BUCKET_BYTES = 256;

function keyOf(sender: Sender): Promise<SFrameKey> {
  return SFrameKey.of(sender.baseKey, kidOf(sender, STREAMS.chat, 0));
}

function chatMetadata(sender: Sender): Bytes {
  return metadataOf(sender, "chat", new Uint8Array());
}

/** Seals what one sender writes. */
export class ChatSealer {
  readonly #key: Promise<SFrameKey>;
  readonly #metadata: Bytes;
  #lines = 0;

  constructor(sender: Sender) {
    this.#key = keyOf(sender);
    this.#metadata = chatMetadata(sender);
  }

  /** The line as base64url without padding. */
  async seal(text: string): Promise<string> {
    const number = this.#lines;
    this.#lines += 1;
    const data = utf8(text);
    const filled = 2 + data.length;
    const padding = new Uint8Array((BUCKET_BYTES - (filled % BUCKET_BYTES)) % BUCKET_BYTES);
    const plain = concat(bigEndian(data.length, 2), data, padding);
    return encode(await (await this.#key).seal(number, this.#metadata, plain));
  }
}

/** Opens what one sender wrote. */
export class ChatOpener {
  readonly #key: Promise<SFrameKey>;
  readonly #metadata: Bytes;
  readonly #window = new ReplayWindow();

  constructor(sender: Sender) {
    this.#key = keyOf(sender);
    this.#metadata = chatMetadata(sender);
  }

  /** The text; throws SealError for anything that this sender did not write, once. */
  async open(line: string): Promise<string> {
    const sealed = decode(line);
    if (sealed === null) {
      throw new NotSFrame("not base64url");
    }
    const { kid, counter, length } = readHeader(sealed);
    const key = await this.#key;
    if (kid !== key.kid || counter > BigInt(MAX_COUNTER)) {
      throw new NotSFrame("not a line of this sender");
    }
    const number = Number(counter);
    const [head, body] = [sealed.subarray(0, length), sealed.subarray(length)];
    const plain = await key.open(number, head, this.#metadata, body);
    if (!this.#window.isFresh(number)) {
      throw new SealError("this line was opened before");
    }
    this.#window.accept(number);
    const end = 2 + ((plain[0] ?? 0) << 8) + (plain[1] ?? 0);
    return readText(plain.subarray(2, end));
  }
}
