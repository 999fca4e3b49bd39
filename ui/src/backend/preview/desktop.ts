// The stand-in's desktop: it has a tray.
import type { AppState, Commands, Answer } from "../types";

type Desktop = Pick<
  Commands,
  | "desktop"
  | "setCloseToTray"
  | "setStartAtLogin"
  | "setCallLinksAtOnce"
  | "setFreeCalls"
  | "setDoNotDisturb"
  | "ringing"
  | "shortcut"
  | "setShortcut"
  | "diagnostics"
  | "diagnosticsSave"
  | "updates"
  | "setLookForUpdates"
  | "lookForUpdates"
  | "installUpdate"
  | "openUpdatesPage"
>;

/** What these commands need of the stand-in. */
export interface Owner {
  desktopState: Answer<"desktop">;
  shortcutState: Answer<"shortcut">;
  updatesState: Answer<"updates">;
  readonly current: AppState;
  set(change: Partial<AppState>): void;
}

/** A build that can have updates, and has not looked. */
export const UPDATES: Answer<"updates"> = {
  ...{ available: true, looks: true, looked: false, found: null, page: true },
};

const REPORT = `Care4W 0.1.0
  build: release, x86_64
  system: Linux, Debian GNU/Linux 12 (bookworm)
  desktop: GNOME, x11

Sound
  microphones: 2
  speakers: 3

Last calls of this run
  3 min ago: 61 s, HUNG_UP; round trip 12.0 ms, jitter 1.2 ms, lost 0.0 %

Last lines of the log
  none
`;

export function desktop(core: Owner): Desktop {
  const put = (change: Partial<Answer<"desktop">>) => {
    core.desktopState = { ...core.desktopState, ...change };
    return Promise.resolve(null);
  };
  return {
    desktop: () => Promise.resolve({ ...core.desktopState }),
    setCloseToTray: (closeToTray) => put({ closeToTray }),
    setStartAtLogin: (startAtLogin) => put({ startAtLogin }),
    setCallLinksAtOnce: (callLinksAtOnce) => {
      core.set({ callLinksAtOnce });
      return Promise.resolve(null);
    },
    setDoNotDisturb: (wish) => {
      const hours = { off: 0, ever: 0, hour: 1, morning: 12 }[wish];
      const until = hours > 0 ? Math.floor(Date.now() / 1000) + hours * 3600 : null;
      core.set({ doNotDisturb: { on: wish !== "off", until } });
      return Promise.resolve(null);
    },
    ringing: () => {
      const { call, doNotDisturb } = core.current;
      if (call?.state !== "incoming" || doNotDisturb.on) return Promise.resolve(null);
      const { name, detail } = call.peer;
      return Promise.resolve({ callId: call.id, name, detail });
    },
    shortcut: () => Promise.resolve({ ...core.shortcutState }),
    setShortcut: (on, keys) => {
      core.shortcutState = { ...core.shortcutState, on, keys, problem: null };
      return Promise.resolve({ ...core.shortcutState });
    },
    updates: () => Promise.resolve({ ...core.updatesState }),
    setLookForUpdates: (looks) => {
      core.updatesState = { ...core.updatesState, looks };
      return Promise.resolve(null);
    },
    lookForUpdates: () => {
      core.updatesState = { ...core.updatesState, looked: true };
      return Promise.resolve({ ...core.updatesState });
    },
    installUpdate: () => Promise.resolve(null),
    openUpdatesPage: () => Promise.resolve(null),
    diagnostics: () => Promise.resolve(REPORT),
    diagnosticsSave: () => Promise.resolve("~/Downloads/care4w-report.txt"),
    setFreeCalls: (freeCalls) => {
      core.set({ freeCalls });
      return Promise.resolve(null);
    },
  };
}
