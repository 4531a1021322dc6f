/** The m-lines of one peer connection: what each is for, and which can be used again. */

import type {
  Identifier,
  Kind,
  MediaSource,
  PublishedSection,
  ReceivedSection,
} from "../protocol/messages";
import { type Encoding, forwardedCodecs, preferCodec } from "./layers";

/** The ends of their names (RFC 8285 URIs). */
const EXTENSIONS = [
  ":sdes:mid",
  "/abs-send-time",
  "-transport-wide-cc-extensions-01",
  "#dependency-descriptor-rtp-header-extension",
] as const;

/** One of our own tracks. The track is null while its device is switched off. */
export interface LocalMedia {
  readonly track: MediaStreamTrack | null;
  /** For video; audio is sent as the browser likes. */
  readonly encoding: Encoding | null;
}

type Use =
  | { readonly publish: MediaSource }
  | { readonly receive: Identifier; readonly stream: MediaStream };

interface Section {
  readonly transceiver: RTCRtpTransceiver;
  /** What it was made for. Encodings cannot change, so a section serves only its like again. */
  readonly purpose: MediaSource | Kind;
  use: Use | null;
}

interface HeaderExtension {
  readonly uri: string;
  direction: RTCRtpTransceiverDirection;
}

/** RTCRtpTransceiver with the methods that not every browser has. */
interface ExtensibleTransceiver {
  getHeaderExtensionsToNegotiate?(): HeaderExtension[];
  setHeaderExtensionsToNegotiate?(extensions: HeaderExtension[]): void;
}

export class Sections {
  readonly #connection: RTCPeerConnection;
  readonly #sections: Section[] = [];

  constructor(connection: RTCPeerConnection) {
    this.#connection = connection;
  }

  get isEmpty(): boolean {
    return this.#sections.length === 0;
  }

  /** Make the sections carry exactly this. */
  synchronize(
    publish: ReadonlyMap<MediaSource, LocalMedia>,
    receive: ReadonlyMap<Identifier, Kind>,
  ): void {
    for (const section of this.#sections) {
      if (section.use && !isWanted(section.use, publish, receive)) {
        release(section);
      }
    }
    for (const [source, media] of publish) {
      if (!this.sender(source)) {
        this.#publish(source, media);
      }
    }
    for (const [publication, kind] of receive) {
      if (!this.stream(publication)) {
        this.#receive(publication, kind);
      }
    }
  }

  sender(source: MediaSource): RTCRtpSender | null {
    const section = this.#sections.find(
      ({ use }) => use && "publish" in use && use.publish === source,
    );
    return section?.transceiver.sender ?? null;
  }

  /** What a publication is played from. */
  stream(publication: Identifier): MediaStream | null {
    const section = this.#sections.find(
      ({ use }) => use && "receive" in use && use.receive === publication,
    );
    return section?.use && "receive" in section.use ? section.use.stream : null;
  }

  published(): PublishedSection[] {
    return this.#sections.flatMap(({ use, transceiver: { mid } }) =>
      use && "publish" in use && mid !== null ? [{ mid, source: use.publish }] : [],
    );
  }

  received(): ReceivedSection[] {
    return this.#sections.flatMap(({ use, transceiver: { mid } }) =>
      use && "receive" in use && mid !== null ? [{ mid, publication: use.receive }] : [],
    );
  }

  #publish(source: MediaSource, media: LocalMedia): void {
    const free = this.#free(source);
    const section = free ?? this.#addSending(source, media);
    section.use = { publish: source };
    if (free) {
      free.transceiver.direction = "sendonly";
      void free.transceiver.sender.replaceTrack(media.track);
    }
  }

  #receive(publication: Identifier, kind: Kind): void {
    const section = this.#free(kind) ?? this.#addReceiving(kind);
    section.transceiver.direction = "recvonly";
    section.use = {
      receive: publication,
      stream: new MediaStream([section.transceiver.receiver.track]),
    };
  }

  #free(purpose: MediaSource | Kind): Section | undefined {
    return this.#sections.find(
      (section) =>
        section.use === null &&
        section.purpose === purpose &&
        section.transceiver.currentDirection !== "stopped",
    );
  }

  #addSending(source: MediaSource, { track, encoding }: LocalMedia): Section {
    const what = track ?? (encoding ? "video" : "audio");
    const transceiver = this.#connection.addTransceiver(what, {
      direction: "sendonly",
      ...(encoding ? { sendEncodings: [encoding.parameters] } : {}),
    });
    if (encoding?.codec) {
      transceiver.setCodecPreferences(preferCodec(videoCodecs(), encoding.codec));
    }
    return this.#add({ transceiver, purpose: source, use: null });
  }

  #addReceiving(kind: Kind): Section {
    const transceiver = this.#connection.addTransceiver(kind, { direction: "recvonly" });
    if (kind === "video") {
      transceiver.setCodecPreferences(forwardedCodecs(videoCodecs()));
      chooseExtensions(transceiver);
    }
    return this.#add({ transceiver, purpose: kind, use: null });
  }

  #add(section: Section): Section {
    this.#sections.push(section);
    return section;
  }
}

function isWanted(
  use: Use,
  publish: ReadonlyMap<MediaSource, LocalMedia>,
  receive: ReadonlyMap<Identifier, Kind>,
): boolean {
  return "publish" in use ? publish.has(use.publish) : receive.has(use.receive);
}

function release(section: Section): void {
  section.use = null;
  section.transceiver.direction = "inactive";
  void section.transceiver.sender.replaceTrack(null);
}

function videoCodecs(): RTCRtpCodec[] {
  return RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
}

/**
 * Offer the header extensions that the server speaks, and no others. The dependency descriptor,
 * without which Chromium does not decode AV1 in spatial layers, it offers only when asked.
 */
function chooseExtensions(transceiver: RTCRtpTransceiver & ExtensibleTransceiver): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  for (const extension of extensions) {
    const wanted = EXTENSIONS.some((name) => extension.uri.endsWith(name));
    extension.direction = wanted ? "sendrecv" : "stopped";
  }
  transceiver.setHeaderExtensionsToNegotiate?.(extensions);
}
