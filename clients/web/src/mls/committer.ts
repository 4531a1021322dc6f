/** Makes the commits of one member: at most one at a time, when it is their turn. */

import { encode } from "../sealing/base64url";
import type { Membership, Prepared } from "./membership";
import { Refused } from "./refused";
import type { Candidate, Roster } from "./roster";
import { findWork, GATHER_MS, isNothing, PACE_MS, TURN_MS, turnOf, type Work } from "./work";

/** Everybody's own keys are renewed at least so often. */
const RENEW_MS = 600_000;
const RENEW_TURN_MS = 2000;

export interface Proposed extends Prepared {
  readonly add: readonly Candidate[];
}

export class Committer {
  readonly #roster: Roster;
  #pending: Proposed | null = null;
  #workSince: number | null = null;
  /** Hellos of which no Add can be made. */
  readonly #bad = new Set<string>();
  #renewedAt = 0;
  /** Commits of ours that lost, and of which the server has yet to say so. */
  #refusalsDue = 0;
  #proposedAt = Number.NEGATIVE_INFINITY;

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** We are in a group from now on. */
  begin(now: number): void {
    this.#pending = null;
    this.#workSince = null;
    this.#refusalsDue = 0;
    this.#bad.clear();
    this.#renewedAt = now;
    this.#proposedAt = Number.NEGATIVE_INFINITY;
  }

  /** Our keys have to be renewed at once. */
  hurry(): void {
    this.#renewedAt = Number.NEGATIVE_INFINITY;
  }

  /** Nothing will become of what we have proposed. */
  forget(now: number): void {
    this.#pending = null;
    this.#workSince = this.#workSince === null ? null : now;
  }

  /**
   * A commit was accepted, and ours is settled by it: what we proposed, if it was that one. `null`
   * is a commit of somebody else.
   */
  settle(commit: string | null, now: number): Proposed | null {
    const pending = this.#pending;
    this.forget(now);
    const isOurs = pending !== null && encode(pending.commit) === commit;
    if (isOurs) {
      this.#renewedAt = now;
    } else if (pending !== null) {
      this.#refusalsDue += 1;
    }
    return isOurs ? pending : null;
  }

  /** One of ours came too late. True if that is news: the one that came first has not come to us. */
  refused(now: number): boolean {
    if (this.#refusalsDue > 0) {
      this.#refusalsDue -= 1;
      return false;
    }
    this.forget(now);
    return true;
  }

  /** What we propose now, if it is time; throws Refused for what cannot be proposed. */
  async propose(membership: Membership, now: number): Promise<Proposed | null> {
    const { leaves, ownLeaf } = membership;
    const work = findWork(this.#roster, leaves, ownLeaf, this.#bad);
    if (this.#pending || !this.#isTime(work, turnOf(this.#roster, leaves, ownLeaf), now)) {
      return null;
    }
    this.#proposedAt = now;
    try {
      this.#pending = { ...(await membership.prepare(work)), add: work.add };
    } catch (error) {
      await this.#sortOut(membership, work.add);
      throw error;
    }
    return this.#pending;
  }

  #isTime(work: Work, turn: number, now: number): boolean {
    if (isNothing(work)) {
      this.#workSince = null;
      return now - this.#renewedAt >= RENEW_MS + turn * RENEW_TURN_MS;
    }
    this.#workSince ??= now;
    const gathered = Math.max(this.#workSince + GATHER_MS, this.#proposedAt + PACE_MS);
    return now >= gathered + turn * TURN_MS;
  }

  /** Find out which of these packages cannot be added, so that they do not keep out the others. */
  async #sortOut(membership: Membership, add: readonly Candidate[]): Promise<void> {
    for (const one of add) {
      try {
        await membership.prepare({ add: [one], remove: [] });
      } catch (error) {
        if (!(error instanceof Refused)) {
          throw error;
        }
        this.#bad.add(one.hello);
      }
    }
  }
}
