/** Our key package of now, which is our hello: each is used for one Add. */

import type { CiphersuiteImpl } from "ts-mls";
import { encode } from "../sealing/base64url";
import { writeIdentity } from "./identity";
import { makePackage, type OwnPackage } from "./packages";
import type { RoomSecret } from "./secret";
import type { MemberOptions } from "./types";

export class Greeting {
  readonly #options: MemberOptions;
  readonly #room: RoomSecret;
  readonly #suite: CiphersuiteImpl;
  #own: OwnPackage | null = null;

  constructor(options: MemberOptions, room: RoomSecret, suite: CiphersuiteImpl) {
    this.#options = options;
    this.#room = room;
    this.#suite = suite;
  }

  /** The one that we are known by, while that may still count. */
  async now(): Promise<OwnPackage> {
    this.#own ??= await this.#make();
    return this.#own;
  }

  async hello(): Promise<string> {
    return encode((await this.now()).bytes);
  }

  /** Be somebody who was never here. */
  async renew(): Promise<string> {
    this.#own = await this.#make();
    return this.hello();
  }

  #make(): Promise<OwnPackage> {
    const { device, name } = this.#options;
    return makePackage(this.#suite, (key) => writeIdentity(this.#room, key, device, name));
  }
}
