/** The tiles: an even grid, or one large tile with the others beside it. */

import type { Call } from "../call/call";
import { wishForSize } from "../call/wishes";
import { h, setChildren } from "./dom";
import { type Box, fitShape, pictureLines } from "./layout";
import { Tile } from "./tile";
import { OWN, SCREEN, tileViews } from "./views";
import { SizeWatcher } from "./watcher";
import { words } from "./words";

/** Most pictures are wide; on an upright phone, taller tiles may show more, cut at the sides. */
const WIDE = 16 / 9;
const UPRIGHT = 6 / 5;
const GAP = 12;

export class Grid {
  readonly element: HTMLElement;
  readonly #tiles = new Map<string, Tile>();
  readonly #call: Call;
  readonly #stage = h("div", { class: "spotlight" });
  readonly #rest = h("div", { class: "tiles" });
  readonly #alone = h("p", { class: "alone" });
  readonly #watcher = new SizeWatcher((element, size) => this.#sized(element, size));
  readonly #resize = new ResizeObserver(() => this.#arrange());
  /** The tile that a person enlarged; `none` when they sent a screen back to the grid. */
  #chosen: string | "none" | null = null;

  constructor(call: Call) {
    this.#call = call;
    this.element = h("section", { class: "grid" }, this.#stage, this.#rest, this.#alone);
    this.#resize.observe(this.element);
    this.#resize.observe(this.#rest);
  }

  update(): void {
    const enlarged = this.#enlargedKey();
    const views = tileViews(this.#call, enlarged);
    this.#removeAllBut(views);
    for (const [key, view] of views) {
      const tile = this.#tiles.get(key) ?? this.#add(key);
      const before = tile.publication;
      tile.update(view);
      if (tile.publication !== before) {
        this.#sized(tile.element, this.#watcher.size(tile.element));
      }
    }
    this.#place([...views.keys()], enlarged);
    this.#alone.textContent = views.size === 1 ? words().alone : "";
    this.#arrange();
  }

  dispose(): void {
    this.#resize.disconnect();
    this.#watcher.close();
    this.#removeAllBut(new Map());
  }

  /** What a person enlarged, else the first screen that somebody else shares. */
  #enlargedKey(): string | null {
    const keys = [...tileViews(this.#call, null).keys()];
    if (this.#chosen === "none") {
      return null;
    }
    if (this.#chosen !== null && keys.includes(this.#chosen)) {
      return this.#chosen;
    }
    return keys.find((key) => key.endsWith(SCREEN) && !key.startsWith(OWN)) ?? null;
  }

  #add(key: string): Tile {
    const tile = new Tile({
      chosen: (publication, choice) => this.#call.choose(publication, choice),
      enlarge: () => {
        this.#chosen = this.#enlargedKey() === key ? "none" : key;
        this.update();
      },
    });
    this.#tiles.set(key, tile);
    this.#watcher.watch(tile.element);
    return tile;
  }

  #removeAllBut(views: ReadonlyMap<string, unknown>): void {
    for (const [key, tile] of this.#tiles) {
      if (!views.has(key)) {
        this.#watcher.forget(tile.element);
        this.#tiles.delete(key);
        tile.dispose();
      }
    }
  }

  #place(keys: readonly string[], enlarged: string | null): void {
    const elements = (wanted: (key: string) => boolean) =>
      keys.filter(wanted).flatMap((key) => this.#tiles.get(key)?.element ?? []);
    this.element.classList.toggle("focused", enlarged !== null);
    setChildren(
      this.#stage,
      elements((key) => key === enlarged),
    );
    setChildren(
      this.#rest,
      elements((key) => key !== enlarged),
    );
  }

  #arrange(): void {
    const focused = this.element.classList.contains("focused");
    const box = { width: this.#rest.clientWidth, height: this.#rest.clientHeight };
    const upright = !focused && box.height > box.width;
    const shapes: [number, ...number[]] = upright ? [WIDE, UPRIGHT] : [WIDE];
    const { columns, width, aspect } = fitShape(this.#rest.childElementCount, box, shapes, GAP);
    this.#rest.style.setProperty("--tile-aspect", String(aspect));
    this.#rest.style.setProperty("--row-width", `${columns * (width + GAP) - GAP}px`);
    this.#rest.style.setProperty("--tile-width", `${width}px`);
  }

  /** The size is null before the first layout, after which this is called again. */
  #sized(element: Element, size: Box | null): void {
    const found = [...this.#tiles].find(([, tile]) => tile.element === element);
    if (!found || size === null) {
      return;
    }
    const [key, tile] = found;
    if (tile.publication !== null && !key.startsWith(OWN)) {
      const source = key.endsWith(SCREEN) ? "screen" : "camera";
      const lines = pictureLines(size, tile.picture, tile.isCut);
      this.#call.fit(tile.publication, wishForSize(source, lines));
    }
  }
}
