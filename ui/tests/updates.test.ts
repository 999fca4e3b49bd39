// New versions in the settings: looked for when asked, installed when the person says so, and refused with a reason.
import { expect, test } from "vitest";
import type { Answer } from "../src/backend";
import { asked, off, on, open, settle } from "./stage";

type Updates = Answer<"updates">;

async function settings(change: Partial<Updates>) {
  const stage = await open();
  stage.core.updatesState = { ...stage.core.updatesState, ...change };
  await stage.user.click(on("nav-settings"));
  await settle();
  return stage;
}

test("a build without a key says that it has no updates, and offers none", async () => {
  const { core } = await settings({ available: false });
  expect(on("updates-result")).toHaveTextContent("Updates are not available in this build.");
  for (const id of ["updates-look", "updates-install", "updates-open", "settings-look-for-updates"])
    expect(off(id)).toBeNull();
  expect(asked(core, "lookForUpdates")).toEqual([]);
});

test("the newest version says so when it has looked, and nothing before", async () => {
  const { user } = await settings({});
  expect(on("updates-result")).toHaveTextContent("");
  await user.click(on("updates-look"));
  await settle();
  expect(on("updates-result")).toHaveTextContent("This is the newest version.");
  expect(off("updates-install")).toBeNull();
});

test("a newer version is installed by a press, and by nothing else", async () => {
  const { core, user } = await settings({ found: { version: "2.0.0", installs: true } });
  expect(on("updates-result")).toHaveTextContent("Care4W 2.0.0 is there.");
  expect(asked(core, "installUpdate")).toEqual([]);
  await user.click(on("updates-install"));
  await settle();
  expect(asked(core, "installUpdate")).toHaveLength(1);
});

test("what is refused says why, until one looks again", async () => {
  const { core, user } = await settings({ found: { version: "2.0.0", installs: true } });
  core.failing = { installUpdate: { code: "UPDATE_NOT_GENUINE", message: "" } };
  await user.click(on("updates-install"));
  await settle();
  expect(on("settings-updates-error")).toHaveTextContent("What came is not signed by the makers");
  await user.click(on("updates-look"));
  await settle();
  expect(off("settings-updates-error")).toBeNull();
});

test("what a package manager brought leads to a page", async () => {
  const { core, user } = await settings({ found: { version: "2.0.0", installs: false } });
  expect(off("updates-install")).toBeNull();
  await user.click(on("updates-open"));
  await settle();
  expect(asked(core, "openUpdatesPage")).toHaveLength(1);
});

test("looking by itself is switched off and on", async () => {
  const { core, user } = await settings({});
  const toggle = on("settings-look-for-updates");
  expect(toggle).toBeChecked();
  await user.click(toggle);
  await settle();
  expect(asked(core, "setLookForUpdates")).toEqual([[false]]);
  expect(on("settings-look-for-updates")).not.toBeChecked();
});
