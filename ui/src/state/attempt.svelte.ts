// What a screen asks of the core, one thing at a time: whether one is under way, and what was wrong with the last.
import { problemOf } from "../backend";
import { sentenceOf } from "../messages";

export class Attempt<Field extends string = never> {
  busy = $state(false);
  private wrong = $state<{ field: Field | null; sentence: string } | null>(null);

  /** What is to be said under a field; with null, of the whole form or screen. */
  under(field: Field | null): string | null {
    return this.wrong?.field === field ? this.wrong.sentence : null;
  }

  refuse(field: Field, sentence: string): void {
    this.wrong = { field, sentence };
  }

  /** Does it; `faulted` says which field the code of its problem belongs to. */
  async make(
    act: () => Promise<unknown>,
    faulted: (code: string) => Field | null = () => null,
  ): Promise<void> {
    this.wrong = null;
    this.busy = true;
    try {
      await act();
    } catch (thrown) {
      const problem = problemOf(thrown);
      this.wrong = { field: faulted(problem.code), sentence: sentenceOf(problem) };
    } finally {
      this.busy = false;
    }
  }
}
