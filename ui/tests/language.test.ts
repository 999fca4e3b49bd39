// The language of the window, chosen and followed.
import { afterEach, expect, test } from "vitest";
import { speech } from "../src/messages/language.svelte";
import { PreviewCore } from "../src/backend/preview";
import { App } from "../src/state/app.svelte";
import { asked, on, open, settle } from "./stage";

const page = document.documentElement;
afterEach(() => speech.take(null, "en", ["en-KE"]));

test("a language that is chosen is spoken at once, everywhere in the window", async () => {
  const { core, user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("language-sw"));
  await settle();
  expect(asked(core, "setLanguage")).toEqual([["sw"]]);
  expect(on("settings")).toHaveTextContent("Mipangilio");
  expect(on("nav-settings")).toHaveAccessibleName("Mipangilio");
  expect(on("language-sw")).toBeChecked();
  expect(page.lang).toBe("sw");
  await user.click(on("language-fr"));
  await settle();
  expect(on("nav-settings")).toHaveAccessibleName("Réglages");
  await user.click(on("language-system"));
  await settle();
  expect(asked(core, "setLanguage").at(-1)).toEqual([null]);
  expect(on("nav-settings")).toHaveAccessibleName("Settings");
  expect(page.lang).toBe("en-KE");
});

test("each language is offered by its own name", async () => {
  const { user } = await open();
  await user.click(on("nav-settings"));
  expect(on("settings-language")).toHaveTextContent(/English.*Français.*Kiswahili/);
  expect(on("language-sw")).toHaveAttribute("lang", "sw");
});

test("the system's language is spoken where the window opens", async () => {
  const core = new PreviewCore();
  core.spoken = { now: "sw", chosen: null, system: ["sw-KE", "en-KE"] };
  await App.start(core);
  expect(speech.now).toBe("sw");
  expect([page.lang, page.dir]).toEqual(["sw-KE", "ltr"]);
});

test("a window whose core cannot say which speaks English", async () => {
  const core = new PreviewCore();
  core.failing.language = { code: "INTERNAL", message: "" };
  await App.start(core);
  expect(speech.now).toBe("en");
});
