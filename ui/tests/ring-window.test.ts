// The ring window: who is calling, two answers, and no key or click that answers by accident.
import { fireEvent, render } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { newCall, PreviewCore } from "../src/backend/preview";
import RingWindow from "../src/ring/RingWindow.svelte";
import { READY_AFTER_MS } from "../src/ring/ready";
import { asked, off, on, pass } from "./stage";

beforeEach(() => void vi.useFakeTimers());

async function rings(name: string | null = "Neema Mushi") {
  const peer = { name, detail: "care4w-NEE2345", care4wId: "care4w-NEE2345" };
  const core = new PreviewCore({
    call: newCall({ id: "c1", direction: "incoming", state: "incoming", peer }),
  });
  render(RingWindow, { props: { commands: core.commands } });
  await pass(0);
  return { core, user: userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) }) };
}

test("it says who is calling, to the eye and at once to the ear", async () => {
  await rings();
  expect(on("ring-peer")).toHaveTextContent("Neema Mushi");
  expect(on("ring-detail")).toHaveTextContent("care4w-NEE2345");
  expect(on("ring-announcement")).toHaveTextContent("Neema Mushi is calling");
  expect(on("ring-announcement")).toHaveAttribute("aria-live", "assertive");
  expect(on("ring-window")).toHaveAttribute("role", "alertdialog");
  expect(on("ring-window")).toHaveAccessibleName("Neema Mushi is calling");
  expect(document.title).toBe("Neema Mushi is calling");
});

test("of somebody without a name it says the id, and that once", async () => {
  await rings(null);
  expect(on("ring-peer")).toHaveTextContent("care4w-NEE2345");
  expect(off("ring-detail")).toBeNull();
});

test("neither key nor click answers by accident", async () => {
  const { core, user } = await rings();
  expect(document.activeElement).toBe(document.body);
  await user.keyboard("{Enter}{Escape} a");
  // A click that was meant for what was there before.
  expect(on("ring-accept")).toBeDisabled();
  await fireEvent.click(on("ring-accept"));
  await fireEvent.click(on("ring-decline"));
  await pass(READY_AFTER_MS);
  await user.keyboard("{Enter}{Escape} a");
  expect(asked(core, "accept")).toEqual([]);
  expect(asked(core, "decline")).toEqual([]);
});

test("each answer is given once, also without a pointer", async () => {
  const { core, user } = await rings();
  await pass(READY_AFTER_MS);
  await user.tab();
  expect(on("ring-decline")).toHaveFocus();
  await user.tab();
  await user.keyboard("{Enter}{Enter}");
  expect(asked(core, "accept")).toEqual([["c1"]]);
  expect(asked(core, "decline")).toEqual([]);
});

test("a call that is over already leaves an empty window, which the app closes", async () => {
  const core = new PreviewCore();
  render(RingWindow, { props: { commands: core.commands } });
  await pass(READY_AFTER_MS);
  expect(off("ring-window")).toBeNull();
});
