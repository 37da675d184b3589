// Publishers of one collection who lost a race, told so one after the other instead of all at once. Each will read the collection again,
// sign and upload: let go together, 64 of them spend the server on 63 refusals for each publish and none gets anywhere; let go in turn,
// nearly every upload fits. An old client needs to know nothing of it: its refusal only takes longer to come, never over maxWaitMs.

/**
 * How long a publisher who was let go has the collection for itself, at first. Its next publish ends the turn at once. Where a turn
 * ends without one, publishers are further away than that, or the machine is busy: the next ones get longer, or more and more of them
 * would race again.
 */
const shortestTurnMs = 150;
const longestTurnMs = 1_200;
const maxWaitMs = 3_000;
/** Of one collection; whoever comes on top is let go at once. */
const maxWaiting = 256;

interface Line {
  readonly waiting: (() => void)[];
  turnMs: number;
  startedAt: number;
  turn: NodeJS.Timeout | undefined;
}

export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Resolves when the caller, who lost a race for this key, should try again. */
  wait(key: string): Promise<void> {
    const line = this.#lines.get(key);
    if (line === undefined) {
      const first: Line = { waiting: [], turnMs: shortestTurnMs, startedAt: 0, turn: undefined };
      this.#lines.set(key, first);
      this.#startTurn(key, first);
      return Promise.resolve();
    }
    if (line.waiting.length >= maxWaiting) return Promise.resolve();
    return new Promise((resolve) => {
      const release = () => {
        clearTimeout(longest);
        resolve();
      };
      const longest = setTimeout(() => {
        line.waiting.splice(line.waiting.indexOf(release), 1);
        resolve();
      }, maxWaitMs);
      line.waiting.push(release);
    });
  }

  /** What they raced for has moved on: the next one's turn. */
  advance(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    const neededMs = performance.now() - line.startedAt;
    line.turnMs = Math.max(shortestTurnMs, Math.min(line.turnMs, (line.turnMs + 2 * neededMs) / 2));
    this.#next(key, line);
  }

  #next(key: string, line: Line): void {
    clearTimeout(line.turn);
    const next = line.waiting.shift();
    if (next === undefined) {
      this.#lines.delete(key);
    } else {
      this.#startTurn(key, line);
      next();
    }
  }

  #startTurn(key: string, line: Line): void {
    line.startedAt = performance.now();
    line.turn = setTimeout(() => {
      line.turnMs = Math.min(longestTurnMs, 2 * line.turnMs);
      this.#next(key, line);
    }, line.turnMs);
  }
}
