export const WEATHERS = ['clear', 'slow', 'lossy', 'silent', 'cut', 'storm'] as const;

/**
 * What a device's line to the server is like. `slow`: far and narrow; `lossy`: what is lost comes late, and now and then the
 * line breaks; `silent`: whoever calls is let in and never answered; `cut`: there is no way; `storm`: every line breaks before anything gets through.
 */
export type Weather = (typeof WEATHERS)[number];

/** One message of a websocket. */
export interface Message {
  readonly direction: 'up' | 'down';
  readonly bytes: number;
  /** How long it is under way, in milliseconds. */
  readonly travelMs: number;
  readonly fate: 'arrives' | 'lost';
}
