/** Types of pages.mjs, for the tests. */
export interface Page {
  readonly file: string;
  readonly address: string;
  readonly text: string;
}

export const pages: readonly Page[];
