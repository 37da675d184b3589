// What became of each member of Notary's configuration, after the command line has had its say: taken, void because an option stands
// for it, or without meaning here. An operator must not believe in a setting that has no effect.
import type { IgnoredSetting, NotaryConfig, TakenSetting } from "../../notary-config/index.ts";

export interface ConfigReport {
  readonly path: string;
  readonly taken: readonly TakenSetting[];
  readonly ignored: readonly IgnoredSetting[];
  /** What is different from notary-server, one sentence each. */
  readonly notes: readonly string[];
}

/** Of the server or of the signer. */
type Config = NotaryConfig<{ readonly configPath: string }>;

export class Overrides {
  readonly #notes: string[] = [];
  readonly #config: Config | undefined;
  readonly #voided = new Map<string, string>();

  constructor(config: Config | undefined) {
    this.#config = config;
  }

  /** `option` stands for every member that begins so: `storage.`, `server.http_addr`. */
  by(option: string, ...prefixes: readonly string[]): void {
    for (const prefix of prefixes) this.#voided.set(prefix, option);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** undefined without a configuration. */
  report(): ConfigReport | undefined {
    if (this.#config === undefined) return undefined;
    const { settings, taken, ignored } = this.#config;
    const voided = taken.flatMap(({ key }) => {
      const option = this.#optionFor(key);
      return option === undefined ? [] : [{ key, why: `${option} is given` }];
    });
    return {
      path: settings.configPath,
      taken: taken.filter(({ key }) => this.#optionFor(key) === undefined),
      ignored: [...ignored, ...voided],
      notes: this.#notes,
    };
  }

  #optionFor(key: string): string | undefined {
    for (const [prefix, option] of this.#voided) if (key.startsWith(prefix)) return option;
    return undefined;
  }
}
