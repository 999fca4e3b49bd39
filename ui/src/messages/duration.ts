import { counted } from "./index";

/** 2:05 as `02:05`, from an hour on `1:02:05`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A time to wait, as people say it: `40 s`, `3 minutes`, `2 hours`. */
export function inWords(seconds: number): string {
  if (seconds <= 90) return counted("time.seconds", seconds);
  if (seconds <= 5400) return counted("time.minutes", Math.ceil(seconds / 60));
  return counted("time.hours", Math.ceil(seconds / 3600));
}
