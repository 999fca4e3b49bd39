// Links: filled in, never dialled by themselves, unless the person wants that and the core allows it.
import { expect, test } from "vitest";
import type { AppState } from "../src/backend";
import { newCall } from "../src/backend/preview";
import { asked, off, on, open, settle } from "./stage";

type Offer = NonNullable<AppState["destination"]>;
const offer = (change: Partial<Offer> = {}): Offer => ({
  text: "+254 712 345 678",
  atOnce: false,
  premium: false,
  refused: null,
  ...change,
});

test("a link is filled in wherever one is, and rings with one press", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  core.set({ destination: offer() });
  await settle();
  expect(on("dial-input")).toHaveValue("+254 712 345 678");
  expect(on("link-note")).toHaveTextContent("It rings when you press Call.");
  expect(asked(core, "takeDestination")).toHaveLength(1);
  expect(asked(core, "dial")).toEqual([]);
  await user.keyboard("{Enter}");
  await settle();
  expect(asked(core, "dial")).toHaveLength(1);
});

test("who wants links called at once is not asked", async () => {
  const { core } = await open();
  core.set({ destination: offer({ atOnce: true }) });
  await settle();
  expect(asked(core, "dial")).toHaveLength(1);
});

test("a link waits while there is a call", async () => {
  const { core } = await open({ call: newCall({ state: "connected", connectedForMs: 0 }) });
  core.set({ destination: offer({ atOnce: true }) });
  await settle();
  core.set({ call: null });
  await settle();
  expect(asked(core, "dial")).toEqual([]);
  expect(on("link-note")).toHaveAttribute("data-state", "asks");
});

test("a link that comes while a call that is over is still shown is not hidden by it", async () => {
  const { core } = await open({
    call: newCall({ state: "ended", reason: { code: "HUNG_UP", sentence: "You hung up." } }),
  });
  expect(off("dial-input")).toBeNull();
  core.set({ destination: offer() });
  await settle();
  expect(off("call-panel")).toBeNull();
  expect(on("dial-input")).toHaveValue("+254 712 345 678");
});

test("a link that comes before the sign-in is there after it", async () => {
  const { core, user } = await open({
    session: { status: "signedOut", user: null, notice: null },
  });
  core.set({ destination: offer({ atOnce: true }) });
  await settle();
  expect(asked(core, "dial")).toEqual([]);
  await user.type(on("sign-in-email"), "amina@example.org");
  await user.type(on("sign-in-password"), "a secret");
  await user.click(on("sign-in-submit"));
  await settle();
  core.set({ phone: { ...core.current.phone, promptOpen: false } });
  await settle();
  expect(on("dial-input")).toHaveValue("+254 712 345 678");
});

test("what cannot be called is shown and says why, and what costs more is said", async () => {
  const { core, user } = await open();
  core.set({
    destination: offer({ text: "*#06#", refused: { code: "SERVICE_CODE", message: "" } }),
  });
  await settle();
  expect(on("dial-input")).toHaveValue("*#06#");
  expect(on("link-note")).toHaveAttribute("data-state", "refused");
  expect(on("link-note")).toHaveTextContent("a code for a telephone");
  core.set({ destination: offer({ premium: true }) });
  await settle();
  expect(on("link-note")).toHaveTextContent("may cost more");
  await user.type(on("dial-input"), "1");
  await settle();
  expect(off("link-note")).toBeNull();
});

test("the wish to call links at once is the person's", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  expect(on("settings-links")).not.toBeChecked();
  await user.click(on("settings-links"));
  await settle();
  expect(asked(core, "setCallLinksAtOnce")).toEqual([[true]]);
  expect(on("settings-links")).toBeChecked();
});

test("how the phone stays on this computer is chosen in the settings", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await settle();
  await user.click(on("settings-close-to-tray"));
  await user.click(on("settings-start-at-login"));
  await settle();
  expect(core.desktopState).toEqual({ tray: true, closeToTray: false, startAtLogin: true });
});

test("a desktop without a tray says that closing quits", async () => {
  const { core, user } = await open();
  core.desktopState = { tray: false, closeToTray: true, startAtLogin: null };
  await user.click(on("nav-settings"));
  await settle();
  expect(on("settings-close-to-tray")).toBeDisabled();
  expect(on("settings-close-to-tray")).not.toBeChecked();
  expect(off("settings-start-at-login")).toBeNull();
});
