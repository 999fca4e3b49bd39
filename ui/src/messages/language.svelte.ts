// Which language the window speaks: the system's, or one that was chosen. Whoever says something through it says it
// anew, in place, when it changes.
import en from "./en.json";
import fr from "./fr.json";
import sw from "./sw.json";

export type Language = "en" | "fr" | "sw";
export type MessageKey = keyof typeof en;

/** The message files. They hold the same keys; a test says which one does not. */
export const MESSAGES: Record<Language, Record<string, string>> = { en, fr, sw };

/** Each language by its own name, as whoever looks for it reads it. */
export const OWN_NAMES: Record<Language, string> = {
  en: "English",
  fr: "Français",
  sw: "Kiswahili",
};

export const LANGUAGES = Object.keys(OWN_NAMES) as Language[];

const RIGHT_TO_LEFT = ["ar", "dv", "fa", "he", "ps", "ur", "yi"];

class Speech {
  /** What everything is said in. */
  now = $state<Language>("en");
  /** What the person chose over the system's. */
  chosen = $state<Language | null>(null);
  /** The languages of the system as BCP 47 tags, the most wanted first. */
  system = $state.raw<readonly string[]>([]);

  /** The language as the system writes it, with its country: for dates and numbers. */
  readonly locale = $derived(this.system.find((tag) => languageOf(tag) === this.now) ?? this.now);
  /** What the person reads, the most wanted first: names of countries are there in languages that we do not speak. */
  readonly read = $derived(
    this.chosen === null ? [...this.system, this.now] : [this.locale, ...this.system],
  );

  /** Takes what the core says about it. */
  take(chosen: Language | null, now: Language, system: readonly string[]): void {
    this.chosen = chosen;
    this.now = now;
    this.system = system.filter(isLanguage);
    const page = document.documentElement;
    page.lang = this.locale;
    page.dir = RIGHT_TO_LEFT.includes(languageOf(this.locale)) ? "rtl" : "ltr";
  }
}

export const speech = new Speech();

function languageOf(tag: string): string {
  return (tag.split("-")[0] ?? "").toLowerCase();
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.DisplayNames.supportedLocalesOf([tag]).length > 0;
  } catch {
    return false;
  }
}
