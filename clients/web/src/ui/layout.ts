/** How many columns show tiles largest. */

/** How much more of the screen a less natural shape has to fill. */
const DOUBT = 1.25;

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Fit {
  readonly columns: number;
  /** Width of one tile, in the unit of the given box. */
  readonly width: number;
}

/** The best grid for `count` tiles of this aspect ratio (width to height) in a box with this gap. */
export function fitGrid(count: number, box: Box, aspect: number, gap: number): Fit {
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

/** The best grid of tiles of one of these shapes; in doubt, of an earlier one. */
export function fitShape(
  count: number,
  box: Box,
  aspects: readonly [number, ...number[]],
  gap: number,
): Fit & { readonly aspect: number } {
  const fits = aspects.map((aspect) => ({ ...fitGrid(count, box, aspect, gap), aspect }));
  const area = (fit: { width: number; aspect: number }) => fit.width ** 2 / fit.aspect;
  return fits.reduce((best, fit) => (area(fit) > area(best) * DOUBT ? fit : best));
}

/** Pictures are taken for wide ones until they have come. */
const USUAL: Box = { width: 16, height: 9 };

/** Lines that a picture has on its short side when it fills a box, cut to it or whole within it. */
export function pictureLines(box: Box, picture: Box | null, isCut: boolean): number {
  const { width, height } = picture ?? USUAL;
  const [across, down] = [box.width / width, box.height / height];
  const scale = isCut ? Math.max(across, down) : Math.min(across, down);
  return Math.round(Math.min(width, height) * scale);
}
