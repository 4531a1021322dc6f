/** A screen of the page: one is shown at a time. */

export interface Screen {
  readonly element: HTMLElement;
  /** Gives back what it holds; it is not shown again. */
  dispose(): void;
}
