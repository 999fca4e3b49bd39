/** How long a word stays while somebody is signed in, in milliseconds. */
export const SAID_STAYS_MS = 8000;

/** One sentence of what was just done, where the screen does not show it by itself. */
export class Said {
  sentence = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Says it until `lasting` is answered with no at the end of its time, or something else is said. */
  say(sentence: string, lasting: () => boolean): void {
    clearTimeout(this.timer);
    this.sentence = sentence;
    this.timer = setTimeout(() => {
      if (!lasting()) this.sentence = null;
    }, SAID_STAYS_MS);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.sentence = null;
  }
}
