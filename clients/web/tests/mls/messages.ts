/** MLS messages as they stand in files of vectors. */

import { decodeMlsMessage, type MLSMessage } from "ts-mls";
import { unhex } from "../sealing/hex";

type Wireformat = MLSMessage["wireformat"];

/** The message of this kind; throws for anything else. */
export function read<W extends Wireformat>(text: string, ...wireformats: readonly W[]) {
  const [message, length] = decodeMlsMessage(unhex(text), 0) ?? [];
  const isExpected = wireformats.some((expected) => expected === message?.wireformat);
  if (length !== text.length / 2 || !isExpected) {
    throw new Error(`This is no ${wireformats.join(" or ")}.`);
  }
  return message as Extract<MLSMessage, { wireformat: W }>;
}
