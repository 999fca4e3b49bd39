/** How long a call that has ended stays on the screen, in milliseconds. */
export const ENDED_STAYS_MS = 5000;

/**
 * How long after it went by itself a click is still meant for what stood there, in milliseconds: longer than a hand needs
 * to stop.
 */
export const LATE_MS = 400;

/** A call that has ended goes by itself, but not from under a hand. */
export class AfterCall {
  private readonly go: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attended = false;
  private ended = false;
  private wentAt = Number.NEGATIVE_INFINITY;

  constructor(go: () => void) {
    this.go = () => {
      this.wentAt = Date.now();
      go();
    };
  }

  /** Whether it went by itself just now. */
  get justWent(): boolean {
    const ago = Date.now() - this.wentAt;
    return ago >= 0 && ago < LATE_MS;
  }

  /** A call has ended, or its picture is gone. */
  begin(ended: boolean): void {
    this.ended = ended;
    // The button that had the focus is gone with the call, and says nothing.
    this.attended = false;
    this.wait();
  }

  /** Whether somebody is about to use what stands there; the time begins anew when they are not. */
  attend(attended: boolean): void {
    if (attended === this.attended) return;
    this.attended = attended;
    this.wait();
  }

  private wait(): void {
    clearTimeout(this.timer);
    if (this.ended && !this.attended) this.timer = setTimeout(this.go, ENDED_STAYS_MS);
  }
}
