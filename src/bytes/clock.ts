// Time is a parameter. Nothing below the adapters reads the machine's clock.

/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

/** The machine's clock; only programs (cli, server) pass this in. */
export const systemClock: Clock = () => Date.now();
