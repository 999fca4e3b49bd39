// Owning one's identity in the settings: who finds one, name, password, signing out, the end of the account.
import { expect, test } from "vitest";
import { PASSWORD } from "../src/backend/preview";
import { asked, deferred, off, on, open, settle } from "./stage";

async function settings(...way: string[]) {
  const stage = await open();
  await stage.user.click(on("nav-settings"));
  for (const step of way) await stage.user.click(on(step));
  await settle();
  return stage;
}

test("who may find one is shown at once, before the server has answered", async () => {
  const { core, user } = await settings();
  const answer = deferred<null>();
  core.commands.setDiscoverable = () => answer.promise;
  const toggle = on("settings-discoverable");
  expect(toggle).toHaveAttribute("aria-checked", "true");
  expect(toggle).toHaveAccessibleName("People can find me by my number");
  await user.click(toggle);
  expect(toggle).toHaveAttribute("aria-checked", "false");
  expect(toggle).toHaveAttribute("aria-busy", "true");
  expect(toggle).toHaveAccessibleDescription(/^Nobody finds you by your number/);
  answer.resolve(null);
});

test("what the server refuses is undone and said, tied to its control", async () => {
  const { core, user } = await settings();
  core.failing.setDiscoverable = { code: "OFFLINE", message: "" };
  await user.click(on("settings-discoverable"));
  await settle();
  expect(on("settings-discoverable")).toHaveAttribute("aria-checked", "true");
  expect(on("discoverable-error")).toHaveTextContent("Not changed. The server doesn't answer.");
  expect(on("settings-discoverable")).toHaveAccessibleDescription(/Not changed\./);
  delete core.failing.setDiscoverable;
  on("settings-discoverable").focus();
  await user.keyboard(" ");
  await settle();
  expect(on("settings-discoverable")).toHaveAttribute("aria-checked", "false");
  expect(off("discoverable-error")).toBeNull();
  expect(core.current.phone.discoverableByPhone).toBe("nobody");
});

test("a choice made on another device is seen", async () => {
  const { core } = await settings();
  core.set({ phone: { ...core.current.phone, discoverableByPhone: "nobody" } });
  await settle();
  expect(on("settings-discoverable")).toHaveAttribute("aria-checked", "false");
});

test("the name is changed by keyboard, and an empty one is refused under the field", async () => {
  const { core, user } = await settings("settings-name-change");
  expect(on("name-input")).toHaveFocus();
  await user.clear(on("name-input"));
  await user.keyboard("{Enter}");
  await settle();
  expect(on("name-input")).toBeInvalid();
  expect(on("name-input")).toHaveAccessibleDescription("Enter your name.");
  await user.type(on("name-input"), " Amina W {Enter}");
  await settle();
  expect(asked(core, "setDisplayName")).toEqual([["Amina W"]]);
  expect(off("name-dialog")).toBeNull();
  expect(on("settings-name")).toHaveTextContent("Amina W");
});

test("a wrong password is said under the current one, a short one under the new one", async () => {
  const { core, user } = await settings("settings-password-change");
  await user.type(on("password-current"), "not it");
  await user.type(on("password-next"), "short{Enter}");
  await settle();
  expect(on("password-next")).toBeInvalid();
  expect(on("password-next")).toHaveFocus();
  expect(asked(core, "changePassword")).toEqual([]);
  await user.type(on("password-next"), " no more{Enter}");
  await settle();
  expect(on("password-current")).toBeInvalid();
  expect(on("password-current")).toHaveFocus();
  expect(on("password-current")).toHaveAccessibleDescription("This is not your current password.");
  expect(on("password-next")).toBeValid();
  await user.clear(on("password-current"));
  await user.type(on("password-current"), `${PASSWORD}{Enter}`);
  await settle();
  expect(off("password-dialog")).toBeNull();
  expect(on("said")).toHaveTextContent("Your other devices are signed out.");
});

test("signing out everywhere is asked about, and the sign-in screen says what was done", async () => {
  const { core, user } = await settings("settings-sign-out-everywhere");
  expect(on("sign-out-everywhere-cancel")).toHaveFocus();
  await user.click(on("sign-out-everywhere-cancel"));
  expect(asked(core, "signOutEverywhere")).toEqual([]);
  await user.click(on("settings-sign-out-everywhere"));
  await user.click(on("sign-out-everywhere-confirm"));
  await settle();
  expect(on("sign-in-email")).toBeVisible();
  expect(on("said")).toHaveTextContent("You are signed out on all your devices.");
});

test("a sign-out that did not work is said, and nobody is signed out", async () => {
  const { core, user } = await settings("settings-sign-out-everywhere");
  core.failing.signOutEverywhere = { code: "OFFLINE", message: "" };
  await user.click(on("sign-out-everywhere-confirm"));
  await settle();
  expect(on("sign-out-everywhere-error")).toHaveTextContent("The server doesn't answer.");
  expect(off("sign-in-email")).toBeNull();
});

test("the account goes only when its address is typed, and the sign-in screen says that it is gone", async () => {
  const { core, user } = await settings("settings-delete");
  expect(on("delete-account")).toHaveTextContent("+254 722 000 111 is free again");
  expect(on("delete-input")).toHaveFocus();
  await user.keyboard("amina{Enter}");
  await settle();
  expect(on("delete-input")).toBeInvalid();
  expect(on("delete-input")).toHaveAccessibleDescription("This is not amina@example.org.");
  expect(asked(core, "deleteAccount")).toEqual([]);
  await user.keyboard("@Example.org {Enter}");
  await settle();
  expect(asked(core, "deleteAccount")).toEqual([[]]);
  expect(on("sign-in-email")).toBeVisible();
  expect(on("said")).toHaveTextContent("Your account and all that belonged to it are deleted.");
  await user.type(on("sign-in-email"), "neema@example.org");
  await user.type(on("sign-in-password"), "a secret{Enter}");
  await settle();
  expect(off("said")).toBeNull();
});

test("Escape leaves each of the questions and changes nothing, and the focus goes back", async () => {
  const { core, user } = await settings();
  for (const opener of [
    "settings-name-change",
    "settings-password-change",
    "settings-sign-out-everywhere",
    "settings-delete",
  ]) {
    on(opener).focus();
    await user.keyboard("{Enter}");
    await settle();
    expect(document.querySelector("[role=dialog]")).not.toBeNull();
    await user.keyboard("{Escape}");
    await settle();
    expect(document.querySelector("[role=dialog]")).toBeNull();
    await expect.poll(() => document.activeElement).toBe(on(opener));
  }
  const changing = [
    "setDisplayName",
    "changePassword",
    "signOutEverywhere",
    "deleteAccount",
  ] as const;
  for (const command of changing) expect(asked(core, command)).toEqual([]);
});
