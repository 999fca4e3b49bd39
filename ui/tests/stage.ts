// Puts the whole window on a stage: the real components over the core's in-memory stand-in.
import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { vi } from "vitest";
import AppView from "../src/App.svelte";
import type { AppState, Commands } from "../src/backend";
import { PreviewCore } from "../src/backend/preview";
import { App } from "../src/state/app.svelte";

export async function open(state: Partial<AppState> = {}) {
  const core = new PreviewCore(state);
  const app = await App.start(core);
  const view = render(AppView, { app });
  await settle();
  return { core, app, view, user: userEvent.setup({ advanceTimers: advance }) };
}

function advance(ms: number): void {
  if (vi.isFakeTimers()) vi.advanceTimersByTime(ms);
}

/** Lets what has been answered reach the screen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  await tick();
}

/** Lets time pass, and what it set off reach the screen. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

export const on = (testid: string) => screen.getByTestId(testid);
export const off = (testid: string) => screen.queryByTestId(testid);

export function asked(core: PreviewCore, name: keyof Commands): unknown[][] {
  return core.asked.filter(([asked]) => asked === name).map(([, given]) => given);
}

/** An answer that the test gives when it wants to. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
