/** What every language has to say. */

/** The shape of a dictionary, without its wording. */
export type Shape<T> = T extends string
  ? string
  : T extends (...words: infer Words) => string
    ? (...words: Words) => string
    : { readonly [Key in keyof T]: Shape<T[Key]> };
