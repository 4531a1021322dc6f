/** How far a call has come, and why it is over. */

import type { Mode, Problem, Removed } from "../protocol/messages";

export type Phase = "connecting" | "joined" | "reconnecting" | "over";

/** Why a call is over: we left, the server put us out, did not let us in, or misled us. */
export type Ending =
  | { readonly why: "left" }
  | { readonly why: "removed"; readonly reason: Removed["reason"] }
  | { readonly why: "refused"; readonly problem: Problem }
  /** The server says that the room has another mode than the one that we insist on. */
  | { readonly why: "mode"; readonly mode: Mode }
  /** Whoever has the keys does not answer any more. */
  | { readonly why: "keys" };
