export type Theme = "system" | "light" | "dark";

const KEY = "care4w.theme";

function remembered(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** The choice of light or dark, remembered on this machine. */
class ThemeChoice {
  value = $state<Theme>(remembered());

  choose(theme: Theme): void {
    this.value = theme;
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
    this.apply();
  }

  apply(): void {
    if (this.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.value;
  }
}

export const theme = new ThemeChoice();
