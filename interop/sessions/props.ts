// What both runs of a script lay on the table: a file to sign, keys of collaborators, digests of images.
import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Scratch } from "../peers/scratch.ts";
import type { Props } from "./play.ts";

export function makeProps(directory: Scratch): Props {
  const content = "hello world\n";
  writeFileSync(directory.at("hello.txt"), content);
  for (const name of ["bob", "carol"]) {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(directory.at(`${name}.pub`), publicKey.export({ type: "spki", format: "pem" }), { mode: 0o600 });
    writeFileSync(directory.at(`${name}.key`), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  }
  return { directory, digests: [hex("image one"), hex("image two"), hex(content)] };
}

function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
