// The stand-in's half of owning one's identity: name, password, privacy, blocked people, the end of the account.
import type { AppState, BlockedPerson, Commands } from "../types";

type Identity = Pick<
  Commands,
  | "setDisplayName"
  | "setDiscoverable"
  | "blocked"
  | "block"
  | "unblock"
  | "changePassword"
  | "forgotPassword"
  | "signOutEverywhere"
  | "deleteAccount"
>;

/** The password that the stand-in takes for the right one. */
export const PASSWORD = "correct horse";

/** What these commands need of the stand-in. */
export interface Owner {
  readonly current: AppState;
  blockedPeople: BlockedPerson[];
  set(change: Partial<AppState>): void;
}

export function identity(core: Owner): Identity {
  const done = () => Promise.resolve(null);
  const blocked = (people: BlockedPerson[]) => {
    core.blockedPeople = people;
    core.set({ blockedRevision: core.current.blockedRevision + 1 });
    return Promise.resolve(people);
  };
  const others = (id: string) => core.blockedPeople.filter((person) => person.care4wId !== id);
  const leave = () => {
    core.set({ session: { status: "signedOut", user: null, notice: null }, call: null });
    return done();
  };
  return {
    setDisplayName: (displayName) => {
      const { session } = core.current;
      if (session.user)
        core.set({ session: { ...session, user: { ...session.user, displayName } } });
      return done();
    },
    setDiscoverable: (discoverableByPhone) => {
      core.set({ phone: { ...core.current.phone, discoverableByPhone } });
      return done();
    },
    blocked: () => Promise.resolve(core.blockedPeople),
    block: (care4wId, displayName) =>
      blocked([
        { care4wId, displayName, blockedAt: new Date().toISOString() },
        ...others(care4wId),
      ]),
    unblock: (care4wId) => blocked(others(care4wId)),
    changePassword: ({ current }) =>
      current === PASSWORD
        ? done()
        : Promise.reject<null>({ code: "INVALID_CREDENTIALS", message: "" }),
    forgotPassword: done,
    signOutEverywhere: leave,
    deleteAccount: leave,
  };
}
