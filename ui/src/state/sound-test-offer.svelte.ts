const KEY = "care4w.sound-test-offer";

/** Whether the test before the first call is still to be offered, remembered on this machine. */
export class SoundTestOffer {
  open = $state(localStorage.getItem(KEY) !== "settled");

  /** It was taken or refused, or a call went well without it. */
  settle(): void {
    if (!this.open) return;
    this.open = false;
    localStorage.setItem(KEY, "settled");
  }
}
