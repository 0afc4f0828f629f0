/** The steps of one kind of thing, found by its words. */
export interface Outline {
  words: string;
  steps: string[];
}
