/** Which codec and scalability mode to ask of which browser. */

import type { MediaSource } from "../protocol/messages";

export type VideoCodec = "vp8" | "vp9" | "av1" | "h264";

/** What the address of the page may insist on. */
export interface EncodingWish {
  readonly codec: VideoCodec | null;
  readonly scalabilityMode: string | null;
}

/** WebRTC-SVC's addition, which the types of the DOM lack. */
export interface EncodingParameters extends RTCRtpEncodingParameters {
  readonly scalabilityMode?: string;
}

export interface Encoding {
  /** First choice of codec; null leaves the browser's own order. */
  readonly codec: VideoCodec | null;
  readonly parameters: EncodingParameters;
}

const MAX_BITRATE = 2_500_000;

const MODES: Readonly<Record<"camera" | "screen", string>> = {
  camera: "L3T3_KEY",
  screen: "L1T3",
};

/** Without an order from the address: VP9 layers where they are known, else the browser's choice. */
export function chooseEncoding(
  source: MediaSource,
  wish: EncodingWish,
  knowsLayers: boolean,
): Encoding {
  const codec = wish.codec ?? (knowsLayers ? "vp9" : null);
  const usual = source === "screen" ? MODES.screen : modeFor(codec);
  const scalabilityMode = wish.scalabilityMode ?? (knowsLayers ? usual : null);
  const parameters: EncodingParameters = { maxBitrate: MAX_BITRATE };
  return {
    codec,
    parameters: scalabilityMode === null ? parameters : { ...parameters, scalabilityMode },
  };
}

/** VP8 and H.264 have no spatial layers; asked for them, browsers silently do something else. */
function modeFor(codec: VideoCodec | null): string {
  return codec === "vp9" || codec === "av1" ? MODES.camera : "L1T3";
}

/** VP9 or AV1 with more than 8 bits or 4:2:0. */
const OTHER_PROFILE = /(^|;)profile(-id)?=[1-9]/;

interface NamedCodec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/** The same codecs, the preferred one first; VP9 and AV1 in their main profile before the others. */
export function preferCodec<T extends NamedCodec>(
  codecs: readonly T[],
  preferred: VideoCodec | null,
): T[] {
  const rank = (codec: T): number => {
    if (codec.mimeType.toLowerCase() !== `video/${preferred}`) {
      return 2;
    }
    return OTHER_PROFILE.test(codec.sdpFmtpLine ?? "") ? 1 : 0;
  };
  return codecs.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether this browser plays pictures in a codec, named as in SDP. */
export function canDecode(codec: string): boolean {
  const wanted = `video/${codec}`.toLowerCase();
  const known = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  return known.some(({ mimeType }) => mimeType.toLowerCase() === wanted);
}

const FORWARDED = ["video/vp8", "video/vp9", "video/av1", "video/h264", "video/rtx"];

/**
 * What the server forwards, each codec in the one configuration that everybody sends. A browser
 * offers twice as much by itself, and the offer of a full room would be too long.
 */
export function forwardedCodecs<T extends NamedCodec>(codecs: readonly T[]): T[] {
  return codecs.filter(({ mimeType, sdpFmtpLine = "" }) => {
    const isBaseline = /profile-level-id=42e0/i.test(sdpFmtpLine);
    const isWhole = sdpFmtpLine.includes("packetization-mode=1");
    return (
      FORWARDED.includes(mimeType.toLowerCase()) &&
      !OTHER_PROFILE.test(sdpFmtpLine) &&
      (mimeType.toLowerCase() !== "video/h264" || (isBaseline && isWhole))
    );
  });
}

const SEALABLE = ["audio/opus", "video/vp8", "video/vp9", "video/rtx"];

/**
 * What is offered in a sealed call: H.264 cannot be sealed whole. AV1 can, for browsers that read
 * in a dependency descriptor what they would else look for in the frames.
 */
export function sealableCodecs<T extends NamedCodec>(
  codecs: readonly T[],
  readsDescriptors: boolean,
): T[] {
  const sealable = readsDescriptors ? [...SEALABLE, "video/av1"] : SEALABLE;
  return codecs.filter(
    ({ mimeType, sdpFmtpLine = "" }) =>
      sealable.includes(mimeType.toLowerCase()) && !OTHER_PROFILE.test(sdpFmtpLine),
  );
}

/** What the address insists on, as far as it can be sealed. */
export function sealableWish(wish: EncodingWish, readsDescriptors: boolean): EncodingWish {
  const { codec } = wish;
  const isSealable = codec === "vp8" || codec === "vp9" || (codec === "av1" && readsDescriptors);
  return isSealable ? wish : { ...wish, codec: null };
}

/**
 * Whether this browser can be asked to read in a descriptor which frames a picture needs. Chromium
 * does not name it among its capabilities; Firefox neither knows it nor can be asked.
 */
export function readsDescriptors(): boolean {
  return "setHeaderExtensionsToNegotiate" in RTCRtpTransceiver.prototype;
}

/** Whether this browser plays pictures in a codec when they come sealed. */
export function canOpen(codec: string): boolean {
  return codec.toLowerCase() !== "av1" || readsDescriptors();
}

/** Whether this browser encodes VP9 in spatial layers. Firefox answers the question with an error. */
export async function knowsSpatialLayers(): Promise<boolean> {
  const video = {
    contentType: "video/VP9",
    width: 1280,
    height: 720,
    bitrate: MAX_BITRATE,
    framerate: 30,
    scalabilityMode: MODES.camera,
  };
  try {
    return (await navigator.mediaCapabilities.encodingInfo({ type: "webrtc", video })).supported;
  } catch {
    return false;
  }
}
