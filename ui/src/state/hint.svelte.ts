// What is worth a line in the middle of a call, one thing at a time, and how often it is read out.
import type { CallView } from "../backend";
import { has, t } from "../messages";

/** How long a hint stays once its reason is gone, in milliseconds. */
export const HINT_STAYS_MS = 4000;
/** How long what befell a device is shown, in milliseconds. */
export const NOTICE_STAYS_MS = 8000;
/** "You're muted" is read out once within this time, however often one begins to speak. */
export const SAY_AGAIN_MS = 30_000;

export class Hint {
  /** Whether somebody speaks into the muted microphone, or did a moment ago. */
  muted = $state(false);
  /** What befell a device, in words. */
  notice = $state<string | null>(null);
  /** What a screen reader is to say. */
  said = $state("");
  private saidMutedAt = -Infinity;
  private hiding: ReturnType<typeof setTimeout> | undefined;
  private noticeHiding: ReturnType<typeof setTimeout> | undefined;
  private lastNotice: string | null = null;

  take(call: CallView): void {
    if (call.muted && call.speakingWhileMuted) this.speaks();
    else if (!call.muted) this.hideMuted();
    else if (this.muted) this.hiding ??= setTimeout(() => this.hideMuted(), HINT_STAYS_MS);
    this.takeNotice(call.notice);
  }

  clear(): void {
    this.hideMuted();
    clearTimeout(this.noticeHiding);
    this.notice = this.lastNotice = null;
  }

  private speaks(): void {
    clearTimeout(this.hiding);
    this.hiding = undefined;
    this.muted = true;
    const now = performance.now();
    if (now - this.saidMutedAt < SAY_AGAIN_MS) return;
    this.saidMutedAt = now;
    this.said = t("call.youAreMuted");
  }

  private hideMuted(): void {
    clearTimeout(this.hiding);
    this.hiding = undefined;
    this.muted = false;
    if (this.said === t("call.youAreMuted")) this.said = "";
  }

  private takeNotice(notice: CallView["notice"]): void {
    const words = notice && inWords(notice);
    if (words === this.lastNotice) return;
    this.lastNotice = words;
    if (words === null) return;
    this.notice = this.said = words;
    clearTimeout(this.noticeHiding);
    this.noticeHiding = setTimeout(() => (this.notice = null), NOTICE_STAYS_MS);
  }
}

function inWords({ code, role, device }: NonNullable<CallView["notice"]>): string | null {
  const base = `soundNotice.${code}`;
  for (const key of device ? [`${base}.${role}`, base] : [`${base}.${role}.unnamed`, base])
    if (has(key)) return t(key, { device });
  return null;
}
