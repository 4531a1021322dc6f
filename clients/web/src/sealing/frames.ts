/** Seals and opens frames: SFrame under keys per stream and layer, with layer and time inside. */

import { type Bytes, bigEndian, concat, utf8 } from "./bytes";
import { ReplayWindow } from "./replay";
import { type Header, NotAuthentic, readHeader, SFrameKey } from "./sframe";
import {
  CODEC_NUMBERS,
  isSealable,
  type SealedCodec,
  type Shimmed,
  shimFor,
  splitShim,
} from "./shims";

export const MAX_COUNTER = 2 ** 32;

export const SPATIAL_LAYERS = 4;
const VERSION = utf8("milkglass/1");
const KEY_FRAME = 0x01;
const SOUND_BYTES = 2;
const PICTURE_BYTES = 8;
const KEY_PICTURE_BYTES = 12;

/** What a sender's key is for; sources by their names in the signalling. */
export const STREAMS = { microphone: 0, camera: 1, screen: 2, screen_audio: 3, chat: 15 } as const;

/** Why a frame was dropped; also what is reported, as counts. */
export const REFUSALS = [
  "empty",
  "malformed",
  "unknown_key",
  "replayed",
  "not_authentic",
  "mislabelled",
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** What became of the frames of one stream. */
export type Counts = Record<Refusal | "opened", number>;

export function noCounts(): Counts {
  return {
    opened: 0,
    empty: 0,
    malformed: 0,
    unknown_key: 0,
    replayed: 0,
    not_authentic: 0,
    mislabelled: 0,
  };
}

/** How many bits of a KID say who the sender is, and how many of which epoch (section 5.2). */
export interface KidLayout {
  readonly sender: number;
  readonly epoch: number;
}

export const PASSPHRASE_KIDS: KidLayout = { sender: 32, epoch: 0 };
export const MLS_KIDS: KidLayout = { sender: 10, epoch: 8 };

/** Whose frames these are: what is authenticated with each. */
export interface Sender {
  readonly baseKey: CryptoKey;
  readonly kids: KidLayout;
  /** Of as many bits as `kids` has for it. */
  readonly ident: number;
  /** 16 bytes that no other room has. */
  readonly context: Bytes;
  readonly epoch: bigint;
}

/** The KID of a stream's layer. */
export function kidOf({ kids, ident, epoch }: Sender, stream: number, spatial: number): bigint {
  const context = BigInt((stream << 2) | spatial) << BigInt(kids.sender + kids.epoch);
  const low = (BigInt(ident) << BigInt(kids.epoch)) | BigInt.asUintN(kids.epoch, epoch);
  return context | low;
}

/** What is authenticated besides the SFrame header. */
export function metadataOf(sender: Sender, codec: SealedCodec, shim: Bytes): Bytes {
  return concat(
    VERSION,
    sender.context,
    bigEndian(sender.epoch, 8),
    bigEndian(sender.ident, 4),
    Uint8Array.of(CODEC_NUMBERS[codec]),
    shim,
  );
}

/** What a sender says of a frame, under the seal. */
export interface FrameInfo {
  readonly isKeyFrame: boolean;
  readonly spatial: number;
  readonly temporal: number;
  /** Sizes are told with key frames of pictures only. */
  readonly width: number;
  readonly height: number;
  /** Milliseconds, modulo 2³²; of sound only tenths of a second, modulo 256. */
  readonly time: number;
}

export interface OpenedFrame {
  readonly media: Bytes;
  /** With how many frames of this layer came before it, modulo 2¹⁶; 0 for sound. */
  readonly info: FrameInfo & { readonly count: number };
}

/** The keys of one stream, one for each spatial layer, derived when they are first needed. */
class LayerKeys {
  readonly #sender: Sender;
  readonly #stream: number;
  readonly #keys = new Map<number, Promise<SFrameKey>>();

  constructor(sender: Sender, stream: number) {
    this.#sender = sender;
    this.#stream = stream;
  }

  get(spatial: number): Promise<SFrameKey> {
    const kid = kidOf(this.#sender, this.#stream, spatial);
    const key = this.#keys.get(spatial) ?? SFrameKey.of(this.#sender.baseKey, kid);
    this.#keys.set(spatial, key);
    return key;
  }
}

/** Seals the frames of one stream, whatever their codec; each layer has a key and a counter. */
export class Sealer {
  readonly #sender: Sender;
  readonly #keys: LayerKeys;
  readonly #counters = new Map<number, number>();
  readonly #layerCounts = new Map<number, number>();
  readonly #maxCounter: number;

  constructor(sender: Sender, stream: number, maxCounter = MAX_COUNTER) {
    this.#sender = sender;
    this.#keys = new LayerKeys(sender, stream);
    this.#maxCounter = maxCounter;
  }

  /** Seal one frame; throws RangeError when the keys are used up. */
  async seal(codec: SealedCodec, media: Bytes, info: FrameInfo): Promise<Bytes> {
    const { spatial } = info;
    const counter = this.#counters.get(spatial) ?? 0;
    if (counter > this.#maxCounter) {
      throw new RangeError("this sender has sealed too much under one key: join again");
    }
    this.#counters.set(spatial, counter + 1);
    const inner = this.#inner(codec, info);
    const shim = shimFor(codec, info.isKeyFrame);
    const metadata = metadataOf(this.#sender, codec, shim);
    const key = await this.#keys.get(spatial);
    return concat(shim, await key.seal(counter, metadata, concat(inner, media)));
  }

  /** How many frames of each spatial layer were sealed. */
  get counters(): ReadonlyMap<number, number> {
    return this.#counters;
  }

  #inner(codec: SealedCodec, info: FrameInfo): Bytes {
    const flags = info.isKeyFrame ? KEY_FRAME : 0;
    if (codec === "opus") {
      return Uint8Array.of(flags, Math.floor(info.time / 100) & 0xff);
    }
    const layer = (info.spatial << 4) | info.temporal;
    const count = this.#layerCounts.get(layer) ?? 0;
    this.#layerCounts.set(layer, (count + 1) & 0xffff);
    const size = info.isKeyFrame
      ? [bigEndian(info.width, 2), bigEndian(info.height, 2)]
      : [new Uint8Array()];
    const time = bigEndian(info.time % 2 ** 32, 4);
    return concat(Uint8Array.of(flags, layer), bigEndian(count, 2), time, ...size);
  }
}

interface Layer {
  readonly spatial: number;
  readonly window: ReplayWindow;
}

/** Opens the frames of one stream of one sender, each once. */
export class StreamOpener {
  readonly #sender: Sender;
  readonly #keys: LayerKeys;
  readonly #layers = new Map<bigint, Layer>();

  constructor(sender: Sender, stream: number) {
    this.#sender = sender;
    this.#keys = new LayerKeys(sender, stream);
    for (let spatial = 0; spatial < SPATIAL_LAYERS; spatial += 1) {
      this.#layers.set(kidOf(sender, stream, spatial), { spatial, window: new ReplayWindow() });
    }
  }

  /** Which of the stream's layers a KID is of; null for a stranger's. */
  spatialOf(kid: bigint): number | null {
    return this.#layers.get(kid)?.spatial ?? null;
  }

  /** The media and what its sender says of it, or why it was refused. */
  async open(read: ReadFrame): Promise<OpenedFrame | Refusal> {
    const layer = this.#layers.get(read.header.kid);
    if (!layer) {
      return "unknown_key";
    }
    const plain = await this.#authenticate(read, layer);
    return typeof plain === "string" ? plain : readInner(read.codec, plain, layer.spatial);
  }

  async #authenticate(
    { codec, shim, sealed, header }: ReadFrame,
    { spatial, window }: Layer,
  ): Promise<Bytes | Refusal> {
    const counter = Number(header.counter);
    if (!window.isFresh(counter)) {
      return "replayed";
    }
    const { length } = header;
    const metadata = metadataOf(this.#sender, codec, shim);
    try {
      const [head, body] = [sealed.subarray(0, length), sealed.subarray(length)];
      const key = await this.#keys.get(spatial);
      const plain = await key.open(counter, head, metadata, body);
      // Asked again: the same frame may have been opened while this one waited.
      if (!window.isFresh(counter)) {
        return "replayed";
      }
      window.accept(counter);
      return plain;
    } catch (error) {
      if (error instanceof NotAuthentic) {
        return "not_authentic";
      }
      throw error;
    }
  }
}

/** The same for a sender whose keys stay; counts what it opens and refuses. */
export class Opener {
  readonly counts = noCounts();
  readonly #opener: StreamOpener;

  constructor(sender: Sender, stream: number) {
    this.#opener = new StreamOpener(sender, stream);
  }

  /** The media and what its sender says of it, or why it was refused; both are counted. */
  async open(codec: string, data: Bytes): Promise<OpenedFrame | Refusal> {
    const read = readFrame(codec, data);
    const result = typeof read === "string" ? read : await this.#opener.open(read);
    this.counts[typeof result === "string" ? result : "opened"] += 1;
    return result;
  }
}

/** A frame that came, up to its header; nothing of it is authentic yet. */
export interface ReadFrame extends Shimmed {
  readonly codec: SealedCodec;
  readonly header: Header;
}

/** Shim and header, or why there are none. */
export function readFrame(codec: string, data: Bytes): ReadFrame | "empty" | "malformed" {
  if (data.length === 0) {
    return "empty";
  }
  if (!isSealable(codec)) {
    return "malformed";
  }
  try {
    const shimmed = splitShim(codec, data);
    const header = readHeader(shimmed.sealed);
    return header.counter > BigInt(MAX_COUNTER) ? "malformed" : { ...shimmed, codec, header };
  } catch {
    return "malformed";
  }
}

/** Split what was authenticated; a sender who writes it wrongly is refused like any other. */
function readInner(codec: SealedCodec, plain: Bytes, spatial: number): OpenedFrame | Refusal {
  const isKeyFrame = ((plain[0] ?? 0) & KEY_FRAME) !== 0;
  const pictureBytes = isKeyFrame ? KEY_PICTURE_BYTES : PICTURE_BYTES;
  const size = codec === "opus" ? SOUND_BYTES : pictureBytes;
  if (plain.length < size) {
    return "malformed";
  }
  const media = plain.subarray(size);
  const view = new DataView(plain.buffer, plain.byteOffset);
  if (codec === "opus") {
    const time = view.getUint8(1) * 100;
    const nothing = { spatial: 0, temporal: 0, width: 0, height: 0, count: 0 };
    return { media, info: { isKeyFrame, time, ...nothing } };
  }
  const layer = view.getUint8(1);
  if (layer >> 4 !== spatial) {
    return "mislabelled";
  }
  const [width, height] = isKeyFrame ? [view.getUint16(8), view.getUint16(10)] : [0, 0];
  const [count, time] = [view.getUint16(2), view.getUint32(4)];
  return {
    media,
    info: { isKeyFrame, spatial, temporal: layer & 0xf, width, height, time, count },
  };
}
