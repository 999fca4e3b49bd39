// The stand-in's desktop: it has a tray.
import type { AppState, Commands, Answer } from "../types";

type Desktop = Pick<
  Commands,
  "desktop" | "setCloseToTray" | "setStartAtLogin" | "setCallLinksAtOnce" | "setFreeCalls"
>;

/** What these commands need of the stand-in. */
export interface Owner {
  desktopState: Answer<"desktop">;
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
    setFreeCalls: (freeCalls) => {
      core.set({ freeCalls });
      return Promise.resolve(null);
    },
  };
}
