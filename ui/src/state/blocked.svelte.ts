// Whom this person has blocked, as the server last said. Invariant: only the newest answer counts.
import { problemOf, type BlockedPerson, type Commands, type Problem } from "../backend";

export class Blocked {
  /** Newest first; null until the server has said it. */
  people = $state.raw<BlockedPerson[] | null>(null);
  /** Why the list could not be had. */
  problem = $state.raw<Problem | null>(null);
  private turn = 0;

  constructor(private readonly commands: Commands) {}

  async load(): Promise<void> {
    const turn = ++this.turn;
    try {
      const people = await this.commands.blocked();
      if (turn === this.turn) this.take(people);
    } catch (thrown) {
      if (turn === this.turn) this.problem = problemOf(thrown);
    }
  }

  /** Rejects with the core's problem. */
  async block(care4wId: string, name: string | null): Promise<void> {
    this.take(await this.commands.block(care4wId, name));
  }

  /** Rejects with the core's problem. */
  async unblock(care4wId: string): Promise<void> {
    this.take(await this.commands.unblock(care4wId));
  }

  has(care4wId: string): boolean {
    return this.people?.some((person) => person.care4wId === care4wId) ?? false;
  }

  clear(): void {
    this.turn++;
    this.people = null;
    this.problem = null;
  }

  private take(people: BlockedPerson[]): void {
    this.turn++;
    this.people = people;
    this.problem = null;
  }
}
