// The question about an unpinned collection. It is only put to a person at a terminal; a script gets pin.missing. The keys are shown in
// full and in groups, because they are meant to be compared with what the owner says over another channel.
import { proposePins, type ReadPorts, type ReadRequest } from "../flows/index.ts";
import { formatPin } from "../updater/index.ts";
import type { Context } from "./command.ts";

/** Asks whether to pin what an unpinned collection shows, and pins it if the answer is yes. */
export async function offerPinning(context: Context, ports: ReadPorts, request: ReadRequest): Promise<void> {
  const { terminal, args, clock } = context;
  if (!terminal.canAsk || terminal.json || args.flag("quiet") || request.trustOnFirstUse) return;
  const pins = await proposePins(ports, request);
  if (pins === undefined) return;
  terminal.note(
    `${request.gun} is not pinned. ${ports.server.url.host} shows ${pins.length === 1 ? "this root key" : "these root keys"}:`,
  );
  for (const pin of pins) terminal.note(`  ${(formatPin(pin).match(/.{1,4}/g) ?? []).join(" ")}`);
  const answer = await terminal.ask("does its owner say the same, over another channel? Type yes to pin it: ");
  if (answer?.trim().toLowerCase() !== "yes") return;
  const added = new Date(clock()).toISOString();
  await ports.home.pins.add({ name: request.gun, pins, added, note: "compared and confirmed at the terminal" });
}
