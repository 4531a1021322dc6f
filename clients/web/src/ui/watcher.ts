/** Watches how large and how visible elements are. */

import type { Box } from "./layout";

const NOTHING: Box = { width: 0, height: 0 };

/** Changes in quick succession, as while a window is dragged, count once. */
const SETTLE_MS = 150;

/** A page that was hidden for so long needs no pictures; a glance at another tab costs nothing. */
const HIDDEN_MS = 5000;

/** Reports the size of elements in device pixels; nothing while they cannot be seen. */
export class SizeWatcher {
  readonly #sizes = new Map<Element, Box>();
  readonly #outOfSight = new Set<Element>();
  readonly #report: (element: Element, size: Box) => void;
  readonly #timers = new Map<Element, ReturnType<typeof setTimeout>>();
  readonly #resize = new ResizeObserver((entries) => this.#resized(entries));
  readonly #sight = new IntersectionObserver((entries) => this.#moved(entries));
  #pageHidden = false;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #onVisibility = () => this.#pageChanged();

  constructor(report: (element: Element, size: Box) => void) {
    this.#report = report;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  watch(element: Element): void {
    this.#resize.observe(element);
    this.#sight.observe(element);
  }

  forget(element: Element): void {
    this.#resize.unobserve(element);
    this.#sight.unobserve(element);
    clearTimeout(this.#timers.get(element));
    this.#timers.delete(element);
    this.#sizes.delete(element);
    this.#outOfSight.delete(element);
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    clearTimeout(this.#hiddenTimer);
    for (const element of [...this.#sizes.keys()]) {
      this.forget(element);
    }
  }

  /** The size now, or null before the first layout. */
  size(element: Element): Box | null {
    const unseen = this.#pageHidden || this.#outOfSight.has(element);
    const size = this.#sizes.get(element) ?? null;
    return size && unseen ? NOTHING : size;
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) {
      const { devicePixelRatio: ratio } = window;
      const { width, height } = contentRect;
      this.#sizes.set(target, { width: width * ratio, height: height * ratio });
      this.#settle(target);
    }
  }

  #moved(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        this.#outOfSight.delete(target);
      } else {
        this.#outOfSight.add(target);
      }
      this.#settle(target);
    }
  }

  #pageChanged(): void {
    clearTimeout(this.#hiddenTimer);
    const hidden = document.visibilityState === "hidden";
    this.#hiddenTimer = setTimeout(() => this.#setHidden(hidden), hidden ? HIDDEN_MS : 0);
  }

  #setHidden(hidden: boolean): void {
    this.#pageHidden = hidden;
    for (const element of this.#sizes.keys()) {
      this.#settle(element);
    }
  }

  #settle(element: Element): void {
    clearTimeout(this.#timers.get(element));
    const tell = () => {
      const size = this.size(element);
      if (size !== null) {
        this.#report(element, size);
      }
    };
    this.#timers.set(element, setTimeout(tell, SETTLE_MS));
  }
}
