// The data-testids that the outside relies on, and an accessibility audit of every screen.
import axe from "axe-core";
import { expect, test } from "vitest";
import type { AppState } from "../src/backend";
import { SCENARIOS } from "../src/backend/preview";
import { on, open, settle } from "./stage";

const SCREENS: [string, Partial<AppState>, string[], string[]][] = [
  [
    "signing in",
    SCENARIOS["signed-out"]!,
    [],
    ["sign-in-email", "sign-in-password", "sign-in-submit", "to-register"],
  ],
  [
    "registering",
    SCENARIOS["signed-out"]!,
    ["to-register"],
    ["register-name", "register-email", "register-password", "register-submit"],
  ],
  [
    "the phone modal",
    SCENARIOS["prompt"]!,
    [],
    [
      ...["phone-modal", "phone-country", "phone-input", "phone-status", "phone-save"],
      ...["phone-skip", "phone-never"],
    ],
  ],
  [
    "the code",
    SCENARIOS["code"]!,
    [],
    ["phone-modal", "phone-code", "phone-resend", "phone-status", "phone-skip"],
  ],
  ["the dialler", {}, [], ["dial-input", "dial-call", "nav-history", "nav-settings"]],
  [
    "an incoming call",
    SCENARIOS["incoming"]!,
    [],
    ["call-panel", "call-peer", "call-status", "call-accept", "call-decline"],
  ],
  [
    "a call",
    SCENARIOS["connected"]!,
    [],
    ["call-timer", "call-hangup", "call-mute", "call-hold", "call-keypad", "call-quality"],
  ],
  ["a held call", SCENARIOS["held-by-both"]!, [], ["call-hold"]],
  ["a poor call", SCENARIOS["poor"]!, [], ["call-quality"]],
  ["a hint", SCENARIOS["muted-speaking"]!, [], ["call-muted-hint"]],
  ["digits in a call", SCENARIOS["digits"]!, ["call-keypad"], ["call-digits"]],
  ["sound in a call", SCENARIOS["connected"]!, ["call-sound"], ["sound-sheet", "sound-volume"]],
  ["figures of a call", SCENARIOS["connected"]!, ["call-quality"], ["stats-sheet", "stats-rtt"]],
  ["the sound test", {}, ["sound-test-take"], ["sound-test", "sound-test-network-start"]],
  ["a call that ended", SCENARIOS["ended"]!, [], ["call-status", "call-back", "call-done"]],
  ["recents", {}, ["nav-history"], ["history"]],
  ["settings", {}, ["nav-settings"], ["settings-phone", "settings-sign-out"]],
  [
    "asking for a new password",
    SCENARIOS["signed-out"]!,
    ["to-forgot"],
    ["forgot-email", "forgot-submit", "to-sign-in"],
  ],
  ["blocked people", {}, ["nav-settings", "settings-blocked"], ["block-input", "block-submit"]],
  [
    "changing the name",
    {},
    ["nav-settings", "settings-name-change"],
    ["name-dialog", "name-input", "name-save"],
  ],
  [
    "changing the password",
    {},
    ["nav-settings", "settings-password-change"],
    ["password-current", "password-next", "password-save"],
  ],
  [
    "signing out everywhere",
    {},
    ["nav-settings", "settings-sign-out-everywhere"],
    ["sign-out-everywhere-confirm"],
  ],
  [
    "deleting the account",
    {},
    ["nav-settings", "settings-delete"],
    ["delete-account", "delete-input", "delete-confirm"],
  ],
  [
    "blocking who calls",
    SCENARIOS["incoming"]!,
    ["call-block"],
    ["block-person", "block-person-confirm"],
  ],
];

test.each(SCREENS)("%s carries its test ids and passes the audit", async (_, state, way, ids) => {
  const { user } = await open(state);
  for (const step of way) await user.click(on(step));
  await settle();
  for (const id of ids) expect(on(id)).toBeInTheDocument();
  // jsdom draws nothing: contrast is audited on the drawn page, not here.
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
});
