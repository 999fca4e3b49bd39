/**
 * How long the ring window's buttons wait, in milliseconds: it comes up where somebody may be clicking something else at
 * that moment, and that click must neither answer nor decline.
 */
export const READY_AFTER_MS = 400;
