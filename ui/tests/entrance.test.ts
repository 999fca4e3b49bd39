import { expect, test } from "vitest";
import { asked, off, on, open, settle } from "./stage";

const OUT = { session: { status: "signedOut", user: null, notice: null } } as const;

test("signing in hands the address and the password to the core", async () => {
  const { core, user } = await open(OUT);
  await user.type(on("sign-in-email"), " amina@example.org ");
  await user.type(on("sign-in-password"), "a secret{Enter}");
  await settle();
  expect(asked(core, "signIn")).toEqual([[{ email: "amina@example.org", password: "a secret" }]]);
});

test("a wrong password is said under the password", async () => {
  const { core, user } = await open(OUT);
  core.failing.signIn = { code: "INVALID_CREDENTIALS", message: "" };
  await user.type(on("sign-in-email"), "amina@example.org");
  await user.type(on("sign-in-password"), "wrong");
  await user.click(on("sign-in-submit"));
  await settle();
  expect(on("sign-in-error")).toHaveTextContent("E-mail or password is not right.");
  expect(on("sign-in-password")).toBeInvalid();
});

test("an empty field is named and the core is not asked", async () => {
  const { core, user } = await open(OUT);
  await user.click(on("sign-in-submit"));
  expect(on("sign-in-error")).toHaveTextContent("Enter your e-mail address.");
  expect(asked(core, "signIn")).toEqual([]);
});

test("registering hands name, address and password to the core", async () => {
  const { core, user } = await open(OUT);
  await user.click(on("to-register"));
  await user.type(on("register-name"), "Amina");
  await user.type(on("register-email"), "amina@example.org");
  await user.type(on("register-password"), "a secret");
  await user.click(on("register-submit"));
  await settle();
  expect(asked(core, "register")).toEqual([
    [{ email: "amina@example.org", password: "a secret", displayName: "Amina" }],
  ]);
});

test("an address that has an account is said under the address", async () => {
  const { core, user } = await open(OUT);
  core.failing.register = { code: "EMAIL_ALREADY_EXISTS", message: "" };
  await user.click(on("to-register"));
  await user.type(on("register-name"), "Amina");
  await user.type(on("register-email"), "amina@example.org");
  await user.type(on("register-password"), "a secret");
  await user.click(on("register-submit"));
  await settle();
  expect(on("register-email")).toBeInvalid();
  expect(on("sign-in-error")).toBeVisible();
});

test("signing out leads back to the sign-in and forgets the calls that were shown", async () => {
  const { app, user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("settings-sign-out"));
  await settle();
  expect(on("sign-in-email")).toBeVisible();
  expect(app.history.calls).toBeNull();
});

test("while it is not known who is signed in, nobody is asked to sign in", async () => {
  await open({ session: { status: "unknown", user: null, notice: null } });
  expect(off("sign-in-email")).toBeNull();
});

test("the password can be shown", async () => {
  const { user, view } = await open(OUT);
  await user.click(view.getByRole("button", { name: "Show password" }));
  expect(on("sign-in-password")).toHaveAttribute("type", "text");
});

test("the choice of dark is remembered", async () => {
  const { user } = await open();
  await user.click(on("nav-settings"));
  await user.click(on("theme-dark"));
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(localStorage.getItem("care4w.theme")).toBe("dark");
  await user.click(on("theme-system"));
  expect(localStorage.getItem("care4w.theme")).toBeNull();
});

test("what is to be known about the sign-in is said until it is read", async () => {
  const { core, user, view } = await open();
  const notice = { code: "NO_KEYCHAIN", message: "" };
  core.set({ session: { ...core.current.session, notice } });
  await settle();
  expect(on("session-notice")).toHaveTextContent("This computer has no keychain");
  await user.click(view.getByRole("button", { name: "Close this notice" }));
  expect(off("session-notice")).toBeNull();
});

test("what a new account lacks is said under the field that lacks it, and the core is not asked", async () => {
  const { core, user } = await open(OUT);
  await user.click(on("to-register"));
  await user.type(on("register-name"), "Amina");
  await user.type(on("register-email"), "amina");
  await user.type(on("register-password"), "a secret");
  await user.click(on("register-submit"));
  expect(on("register-email")).toBeInvalid();
  expect(on("register-password")).toBeValid();
  await user.type(on("register-email"), "@example.org");
  await user.clear(on("register-password"));
  await user.type(on("register-password"), "short");
  await user.click(on("register-submit"));
  expect(on("register-email")).toBeValid();
  expect(on("register-password")).toBeInvalid();
  expect(asked(core, "register")).toEqual([]);
});

test("whoever forgot the password is told the same for every address, and that a letter may not come", async () => {
  const { core, user } = await open(OUT);
  await user.type(on("sign-in-email"), "amina@example.org");
  await user.click(on("to-forgot"));
  expect(on("forgot-email")).toHaveValue("amina@example.org");
  await user.click(on("forgot-submit"));
  await settle();
  expect(asked(core, "forgotPassword")).toEqual([["amina@example.org"]]);
  expect(on("forgot-sent")).toHaveTextContent("If that address has an account");
  expect(on("forgot-sent")).toHaveTextContent("not every server sends mail");
  expect(on("forgot-sent").closest("[role=status]")).not.toBeNull();
  await user.click(on("to-sign-in"));
  expect(on("sign-in-email")).toHaveValue("amina@example.org");
});

test("what is no address, and a server that cannot be asked, are said where they belong", async () => {
  const { core, user } = await open(OUT);
  await user.click(on("to-forgot"));
  await user.click(on("forgot-submit"));
  expect(on("forgot-email")).toBeInvalid();
  expect(on("forgot-email")).toHaveAccessibleDescription("Enter your e-mail address.");
  expect(asked(core, "forgotPassword")).toEqual([]);
  core.failing.forgotPassword = { code: "OFFLINE", message: "" };
  await user.type(on("forgot-email"), "amina@example.org{Enter}");
  await settle();
  expect(on("sign-in-error")).toHaveTextContent("The server doesn't answer.");
  expect(off("forgot-sent")).toBeNull();
});

test("who registered and signed out again is asked to sign in, with empty fields", async () => {
  const { core, user } = await open(OUT);
  await user.type(on("sign-in-email"), "somebody@example.org");
  await user.click(on("to-register"));
  await user.type(on("register-name"), "Amina");
  await user.type(on("register-email"), "amina@example.org");
  await user.type(on("register-password"), "a secret{Enter}");
  await settle();
  expect(off("register-email")).toBeNull();
  await core.commands.signOut();
  await settle();
  expect(on("sign-in-email")).toHaveValue("");
});
