/** Why something that a member got was not taken. */

import type { GroupRefusal } from "./types";

/** Nothing changes when it is thrown. */
export class Refused extends Error {
  readonly reason: GroupRefusal;

  constructor(reason: GroupRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}
