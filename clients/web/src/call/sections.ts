/** The m-lines of one peer connection: what each is for, and which can be used again. */

import { padSound } from "../media/soundpadding";
import type {
  Identifier,
  Kind,
  MediaSource,
  PublishedSection,
  ReceivedSection,
} from "../protocol/messages";
import type { Incoming } from "../sealing/keeper";
import {
  type Encoding,
  forwardedCodecs,
  preferCodec,
  readsDescriptors,
  sealableCodecs,
} from "./layers";

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

/** What of somebody's is to be received. */
export interface Wanted {
  readonly kind: Kind;
  readonly participant: Identifier;
  readonly source: MediaSource;
}

/** Who seals what leaves and opens what comes. */
export interface Transforms {
  outgoing(source: MediaSource): RTCRtpScriptTransform;
  incoming(): Incoming;
  lead(route: number, to: Wanted | null): void;
  pad(isOn: boolean): void;
}

type Use =
  | { readonly publish: MediaSource }
  | { readonly receive: Identifier; readonly of: Wanted; readonly stream: MediaStream };

interface Section {
  readonly transceiver: RTCRtpTransceiver;
  /** What it was made for. Encodings cannot change, so a section serves only its like again. */
  readonly purpose: MediaSource | Kind;
  /** Where frames come through, in a sealed call. */
  readonly route: number | null;
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
  readonly #transforms: Transforms | null;
  readonly #sections: Section[] = [];

  /** With transforms, nothing leaves or arrives that did not pass one. */
  constructor(connection: RTCPeerConnection, transforms: Transforms | null) {
    this.#connection = connection;
    this.#transforms = transforms;
  }

  get isEmpty(): boolean {
    return this.#sections.length === 0;
  }

  /** Make the sections carry exactly this. */
  synchronize(
    publish: ReadonlyMap<MediaSource, LocalMedia>,
    receive: ReadonlyMap<Identifier, Wanted>,
  ): void {
    for (const section of this.#sections) {
      if (section.use && !isWanted(section.use, publish, receive)) {
        this.#release(section);
      }
    }
    for (const [source, media] of publish) {
      if (!this.sender(source)) {
        this.#publish(source, media);
      }
    }
    for (const [publication, wanted] of receive) {
      if (!this.stream(publication)) {
        this.#receive(publication, wanted);
      }
    }
  }

  /** Offer the loudness of sound, or not; what was once left out, Chromium offers only when asked. */
  tellLevels(isTold: boolean): void {
    for (const { transceiver } of this.#sections) {
      if (transceiver.currentDirection !== "stopped") {
        chooseLevels(transceiver, isTold);
      }
    }
  }

  /** In a call that is not sealed: pad our sound, or not. */
  padSound(isOn: boolean): void {
    for (const { purpose, transceiver } of this.#sections) {
      if (purpose === "microphone" || purpose === "screen_audio") {
        padSound(transceiver.sender, isOn);
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

  /** Which publication comes on which route of a sealed call. */
  routes(): ReadonlyMap<number, Identifier> {
    const routes = this.#sections.flatMap(({ use, route }) =>
      use && "receive" in use && route !== null ? [[route, use.receive] as const] : [],
    );
    return new Map(routes);
  }

  /** The connection is closed: nobody comes on its routes any more. */
  close(): void {
    for (const section of this.#sections) {
      this.#lead(section, null);
    }
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

  #receive(publication: Identifier, wanted: Wanted): void {
    const section = this.#free(wanted.kind) ?? this.#addReceiving(wanted.kind);
    section.transceiver.direction = "recvonly";
    this.#lead(section, wanted);
    section.use = {
      receive: publication,
      of: wanted,
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
    if (this.#transforms) {
      transceiver.sender.transform = this.#transforms.outgoing(source);
      const codecs = sealableCodecs(knownCodecs(encoding ? "video" : "audio"), readsDescriptors());
      if (encoding?.codec === "av1") {
        chooseExtensions(transceiver);
      }
      transceiver.setCodecPreferences(preferCodec(codecs, encoding?.codec ?? null));
    } else if (encoding?.codec) {
      transceiver.setCodecPreferences(preferCodec(knownCodecs("video"), encoding.codec));
    }
    return this.#add({ transceiver, purpose: source, route: null, use: null });
  }

  #addReceiving(kind: Kind): Section {
    const transceiver = this.#connection.addTransceiver(kind, { direction: "recvonly" });
    const incoming = this.#transforms?.incoming() ?? null;
    if (incoming) {
      transceiver.receiver.transform = incoming.transform;
      transceiver.setCodecPreferences(sealableCodecs(knownCodecs(kind), readsDescriptors()));
    } else if (kind === "video") {
      transceiver.setCodecPreferences(forwardedCodecs(knownCodecs(kind)));
    }
    if (kind === "video") {
      chooseExtensions(transceiver);
    }
    return this.#add({ transceiver, purpose: kind, route: incoming?.route ?? null, use: null });
  }

  #release(section: Section): void {
    section.use = null;
    section.transceiver.direction = "inactive";
    void section.transceiver.sender.replaceTrack(null);
    this.#lead(section, null);
  }

  #lead({ route }: Section, to: Wanted | null): void {
    if (route !== null) {
      this.#transforms?.lead(route, to);
    }
  }

  #add(section: Section): Section {
    this.#sections.push(section);
    return section;
  }
}

function isWanted(
  use: Use,
  publish: ReadonlyMap<MediaSource, LocalMedia>,
  receive: ReadonlyMap<Identifier, Wanted>,
): boolean {
  if ("publish" in use) {
    return publish.has(use.publish);
  }
  const wanted = receive.get(use.receive);
  return wanted !== undefined && isSame(wanted, use.of);
}

export function isSame(one: Wanted, other: Wanted): boolean {
  return (
    one.kind === other.kind && one.participant === other.participant && one.source === other.source
  );
}

function knownCodecs(kind: Kind): RTCRtpCodec[] {
  return RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
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

/** Firefox cannot be asked: it always offers them. */
function chooseLevels(
  transceiver: RTCRtpTransceiver & ExtensibleTransceiver,
  isTold: boolean,
): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  const level = extensions.find(({ uri }) => uri.endsWith(":ssrc-audio-level"));
  if (level) {
    level.direction = isTold ? "sendrecv" : "stopped";
    transceiver.setHeaderExtensionsToNegotiate?.(extensions);
  }
}
