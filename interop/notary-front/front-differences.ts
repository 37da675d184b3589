// What our `notary` prints differently from Debian's, on purpose, by the heading under which docs/notary-command.md gives the reason.
import type { Difference } from "../sessions/differences.ts";

const releases = "docker.example.com/team/delegations";

export const frontDifferences: readonly Difference[] = [
  {
    topic: "Custom data is signed in canonical form",
    where: [`delegations: bob$ notary publish ${releases} (2)`, `delegations: reader$ notary list ${releases}`],
  },
  {
    topic: "A delegation keeps its last key",
    where: [
      `delegations: ann$ notary delegation purge -p ${releases} --key <id>`,
      `delegations: ann$ notary delegation list ${releases} (6)`,
      `delegations: reader$ notary list ${releases} (3)`,
      `delegations: ann$ notary delegation add -p ${releases} targets/releases carol.pub`,
      `delegations: carol$ notary witness -p ${releases} targets/releases`,
    ],
  },
  { topic: "Rotation deletes no key file", where: ["rotation: ann$ notary key list"] },
  {
    topic: "A deleted collection is not read from the cache",
    where: ["deletion: reader$ notary list docker.example.com/team/deletion (2)"],
  },
];
