/** MLS messages as bytes (RFC 9420 section 6). */

import {
  decodeMlsMessage,
  encodeMlsMessage,
  type LeafNode,
  type MLSMessage,
  type MlsMessageContent,
  type PrivateMessage,
} from "ts-mls";
import type { Bytes } from "../sealing/bytes";
import { Refused } from "./refused";

/** Throws Refused, also for another form of the same message: ts-mls reads more than it writes. */
export function decode(bytes: Bytes): MLSMessage {
  try {
    const [message] = decodeMlsMessage(bytes, 0) ?? [];
    if (message !== undefined && isEqual(encodeMlsMessage(message), bytes)) {
      return message;
    }
  } catch {
    // Whatever it stumbled over, these bytes are none.
  }
  throw new Refused("malformed", "no MLS message");
}

export function encode(content: MlsMessageContent): Bytes {
  return own(encodeMlsMessage({ version: "mls10", ...content }));
}

/** Throws Refused. */
export function readPrivate(bytes: Bytes): PrivateMessage {
  const message = decode(bytes);
  if (message.wireformat !== "mls_private_message") {
    throw new Refused("malformed", "no private message");
  }
  return message.privateMessage;
}

/** Who a leaf says that it is. */
export function describe(leaf: LeafNode): { leafKey: Bytes; identity: Bytes } {
  const { signaturePublicKey, credential } = leaf;
  const isBasic = credential.credentialType === "basic";
  const identity = isBasic ? own(credential.identity) : new Uint8Array();
  return { leafKey: own(signaturePublicKey), identity };
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** A copy, with WebCrypto's taste in types. */
export function own(bytes: Uint8Array): Bytes {
  return bytes.slice() as Bytes;
}
