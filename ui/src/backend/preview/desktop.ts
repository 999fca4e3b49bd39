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
>;

/** What these commands need of the stand-in. */
export interface Owner {
  desktopState: Answer<"desktop">;
  readonly current: AppState;
  set(change: Partial<AppState>): void;
}

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
      const until = wish === "hour" ? Math.floor(Date.now() / 1000) + 3600 : null;
      core.set({ doNotDisturb: { on: wish !== "off", until } });
      return Promise.resolve(null);
    },
    ringing: () => {
      const { call, doNotDisturb } = core.current;
      if (call?.state !== "incoming" || doNotDisturb.on) return Promise.resolve(null);
      const { name, detail } = call.peer;
      return Promise.resolve({ callId: call.id, name, detail });
    },
    setFreeCalls: (freeCalls) => {
      core.set({ freeCalls });
      return Promise.resolve(null);
    },
  };
}
