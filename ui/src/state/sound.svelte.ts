// What one speaks into and hears from: the devices there are, and what was chosen.
import { problemOf, type AudioDevice, type Commands } from "../backend";
import type { AppState, Problem, SoundChange, SoundState } from "../backend";
import { Levels } from "./levels.svelte";

/** How often the devices are looked for while somebody chooses among them, in milliseconds. */
const LOOK_AGAIN_MS = 3000;

export class Sound {
  readonly levels: Levels;
  devices = $state.raw<AudioDevice[] | null>(null);
  /** Why there is no list, or why the last change did not come about. */
  problem = $state.raw<Problem | null>(null);
  /** What was chosen and the core has not taken yet: shown at once. */
  private wanted = $state.raw<SoundChange>({});
  private unsent: SoundChange = {};
  private changing = false;

  constructor(
    private readonly commands: Commands,
    private readonly kept: () => AppState["sound"],
  ) {
    this.levels = new Levels(commands);
  }

  /** What is chosen, as it is to be shown. */
  get now(): SoundState {
    return { ...this.kept(), ...this.wanted } as SoundState;
  }

  /** Looks for devices now and again; gives back how to stop. Made for an effect. */
  watchDevices(): () => void {
    this.problem = null;
    void this.look();
    const looking = setInterval(() => void this.look(), LOOK_AGAIN_MS);
    return () => clearInterval(looking);
  }

  private async look(): Promise<void> {
    try {
      const devices = await this.commands.devices();
      // The same list again must not close one that is open.
      if (JSON.stringify(devices) !== JSON.stringify(this.devices)) this.devices = devices;
    } catch (thrown) {
      this.devices ??= [];
      this.problem = problemOf(thrown);
    }
  }

  /** Changes it. Of what comes while the core is busy with a change, the last of each kind goes next. */
  async change(change: SoundChange): Promise<void> {
    this.wanted = { ...this.wanted, ...change };
    this.unsent = { ...this.unsent, ...change };
    if (this.changing) return;
    this.changing = true;
    this.problem = null;
    try {
      while (Object.keys(this.unsent).length > 0) {
        const next = this.unsent;
        this.unsent = {};
        await this.commands.setSound(next);
      }
    } catch (thrown) {
      this.problem = problemOf(thrown);
    } finally {
      this.changing = false;
      this.unsent = {};
      this.wanted = {};
    }
  }
}
