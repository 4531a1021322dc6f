/** How many columns show tiles largest. */

export interface Fit {
  readonly columns: number;
  /** Width of one tile, in the unit of the given box. */
  readonly width: number;
}

/** The best grid for `count` tiles of this aspect ratio (width to height) in a box with this gap. */
export function fitGrid(
  count: number,
  box: { readonly width: number; readonly height: number },
  aspect: number,
  gap: number,
): Fit {
  let best: Fit = { columns: 1, width: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (box.width - gap * (columns - 1)) / columns;
    const byHeight = ((box.height - gap * (rows - 1)) / rows) * aspect;
    const width = Math.floor(Math.min(byWidth, byHeight));
    if (width > best.width) {
      best = { columns, width };
    }
  }
  return best;
}
