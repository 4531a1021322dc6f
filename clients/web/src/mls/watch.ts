/** Signs of life, and signs that the server does not relay what it should. */

import type { Alarm } from "./types";

const BEACON_MS = 5000;
const BEACON_CROWD = 10;
const SILENT_BEACONS = 3;
const CUT_OFF_BEACONS = 2;
const STALLED_MS = 3000;
const UNADMITTED_MS = 5000;
const ASK_MS = 3000;
const SPLIT_FAILURES = 3;
const SPLIT_MS = 30_000;

/** Between two beacons of a member: a crowd sends as many in all as ten do. */
export function beaconInterval(members: number): number {
  return BEACON_MS * Math.max(1, members / BEACON_CROWD);
}

export class Watch {
  readonly #heard = new Map<string, number>();
  #failures: number[] = [];
  #sentAt: number | null = null;
  #aheadSince: number | null = null;
  #outsideSince: number | null = null;
  #askedAt = Number.NEGATIVE_INFINITY;
  #hasSplit = false;

  /** We begin anew, among strangers. A split stays one. */
  begin(): void {
    this.#heard.clear();
    this.#failures = [];
  }

  /** These leaves are in the group now. */
  keep(keys: ReadonlySet<string>, now: number): void {
    for (const key of this.#heard.keys()) {
      if (!keys.has(key)) {
        this.#heard.delete(key);
      }
    }
    for (const key of keys) {
      if (!this.#heard.has(key)) {
        this.#heard.set(key, now);
      }
    }
  }

  heard(key: string, now: number): void {
    if (this.#heard.has(key)) {
      this.#heard.set(key, now);
    }
  }

  isSilent(key: string, now: number): boolean {
    const limit = SILENT_BEACONS * beaconInterval(this.#heard.size);
    return now - (this.#heard.get(key) ?? now) > limit;
  }

  /** A commit of ours is on its way, or has come to its end. */
  sent(now: number | null): void {
    this.#sentAt = now;
  }

  /**
   * Others are in an epoch that we know no commit to; `null` when we are there too. True when
   * that is news.
   */
  ahead(now: number | null): boolean {
    const isNews = now !== null && this.#aheadSince === null;
    this.#aheadSince = now === null ? null : (this.#aheadSince ?? now);
    return isNews;
  }

  /** There is a group, and we are not in it; `null` when we are. True when it is time to ask. */
  outside(now: number | null): boolean {
    this.#outsideSince = now === null ? null : (this.#outsideSince ?? now);
    const isTime = now !== null && now - Math.max(this.#askedAt, this.#outsideSince ?? 0) >= ASK_MS;
    this.#askedAt = isTime ? now : this.#askedAt;
    return isTime;
  }

  /** Something of our group, in our epoch, is not authentic: it may be of another branch. */
  failed(now: number): void {
    this.#failures = [...this.#failures.filter((at) => now - at < SPLIT_MS), now];
    this.#hasSplit ||= this.#failures.length >= SPLIT_FAILURES;
  }

  /** Somebody has seen another history than we. */
  split(): void {
    this.#hasSplit = true;
  }

  /** For how long others have been ahead of us, in milliseconds. */
  aheadFor(now: number): number {
    return this.#aheadSince === null ? 0 : now - this.#aheadSince;
  }

  /** The connection was lost: nothing is late that could not come. A split stays one. */
  pause(): void {
    [this.#sentAt, this.#aheadSince, this.#outsideSince] = [null, null, null];
    for (const key of this.#heard.keys()) {
      this.#heard.set(key, Number.POSITIVE_INFINITY);
    }
  }

  resume(now: number): void {
    for (const key of this.#heard.keys()) {
      this.#heard.set(key, now);
    }
  }

  /** Only what is not authentic comes, from nobody anything else: we are alone in our branch. */
  isCutOff(now: number): boolean {
    const last = Math.max(...this.#heard.values());
    const isHeard = now - last < CUT_OFF_BEACONS * beaconInterval(this.#heard.size);
    return this.#failures.length >= SPLIT_FAILURES && !isHeard;
  }

  /** For how long a commit of ours has been on its way, in milliseconds. */
  unansweredFor(now: number): number {
    return this.#sentAt === null ? 0 : now - this.#sentAt;
  }

  alarms(now: number): Set<Alarm> {
    const alarms = new Set<Alarm>();
    const isLate = (since: number | null, limit: number) => since !== null && now - since > limit;
    if (isLate(this.#sentAt, STALLED_MS) || isLate(this.#aheadSince, STALLED_MS)) {
      alarms.add("stalled");
    }
    if (isLate(this.#outsideSince, UNADMITTED_MS)) {
      alarms.add("unadmitted");
    }
    if (this.#hasSplit) {
      alarms.add("split");
    }
    return alarms;
  }
}
