// At most so many at once, the others in order of arrival, none for longer than it has time: a peer that hangs must not gather a queue.
export class Slots {
  #left: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#left = count;
  }

  /** False when none has come free in time. */
  take(timeoutMs: number): Promise<boolean> {
    if (this.#left > 0) {
      this.#left--;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const turn = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(turn);
        resolve(false);
      }, timeoutMs);
      this.#waiting.add(turn);
    });
  }

  free(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#left++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
