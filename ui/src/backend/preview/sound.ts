// The stand-in's sound: devices to choose from, levels that move, figures of a call, and a test call that goes well.
import type { AppState, AudioDevice, CallStats, Commands, SoundTest } from "../types";

export const DEVICES: AudioDevice[] = [
  { id: "m1", name: "Built-in Microphone", direction: "input", isDefault: true },
  { id: "m2", name: "Jabra Evolve2 65", direction: "input", isDefault: false },
  { id: "s1", name: "Built-in Speakers", direction: "output", isDefault: true },
  { id: "s2", name: "Jabra Evolve2 65", direction: "output", isDefault: false },
];

export const STATS: CallStats = {
  rttMs: 42.3,
  jitterMs: 3.8,
  lossPercent: 0.2,
  concealedPercent: 0.1,
  bufferMs: 38.2,
  mos: 4.31,
  codec: "opus",
  bitrate: 31_800,
  path: "srflx",
  sent: 6702,
  received: 6694,
};

/** How long each part of a test takes here, in milliseconds. */
const PART_MS = 3000;
const VERDICTS: Record<SoundTest["kind"], string> = {
  microphone: "Your microphone works.",
  speaker: "You should have heard a tone.",
  network: "Your network is good for calls.",
};

type Sounding = {
  current: AppState;
  set(change: Partial<AppState>): void;
  stats: CallStats | null;
};

export function sound(
  core: Sounding,
): Pick<
  Commands,
  "devices" | "levels" | "setSound" | "callStats" | "soundTestStart" | "soundTestStop" | "soundTest"
> {
  let test: SoundTest | null = null;
  let timers: ReturnType<typeof setTimeout>[] = [];
  const later = (parts: number, change: Partial<SoundTest>) =>
    timers.push(setTimeout(() => test && (test = { ...test, ...change }), parts * PART_MS));
  const wave = (depth: number) => Math.round(-58 + depth * Math.abs(Math.sin(Date.now() / 700)));
  const stop = () => {
    timers.forEach(clearTimeout);
    timers = [];
    test = null;
    return Promise.resolve(null);
  };
  return {
    devices: () => Promise.resolve(DEVICES),
    levels: () => Promise.resolve({ input: wave(30), output: wave(40) }),
    setSound: (change) => {
      core.set({ sound: { ...core.current.sound, ...(change as AppState["sound"]) } });
      return Promise.resolve(null);
    },
    callStats: () => Promise.resolve(core.stats),
    soundTestStart: async (kind) => {
      await stop();
      const phase = kind === "speaker" ? "playing" : "recording";
      test = { kind, phase, level: -60, verdict: null };
      if (kind === "microphone") later(1, { phase: "playing" });
      const roundTripMs = kind === "network" ? 21 : null;
      const verdict = { ok: true, code: "OK", text: VERDICTS[kind], roundTripMs };
      later(kind === "microphone" ? 2 : 1, { phase: "done", verdict });
      return null;
    },
    soundTestStop: stop,
    soundTest: () => Promise.resolve(test && { ...test, level: wave(40) }),
  };
}
