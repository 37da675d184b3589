// What the clients are shown differently, and is meant to be: see docs/notary-differences.md.
import type { Difference } from "./differences.ts";

const feed = "/v2/docker.example.com/team/deletion/_trust/changefeed";

export const sessionDifferences: readonly Difference[] = [
  {
    topic: "Versions go on after a deletion",
    where: [
      `deletion: GET ${feed}?records=100`,
      `deletion: GET ${feed}?records=-2`,
      "mistakes: before$ notary list docker.example.com/team/mistakes",
    ],
  },
  {
    topic: "Reasons in our own words",
    where: ["mistakes: ann$ notary publish docker.example.com/team/mistakes (4)"],
  },
  {
    topic: "Keys of another server",
    where: [
      "mistakes: mover$ notary publish docker.example.com/team/moved",
      "mistakes: docker-mover$ notary publish docker.example.com/team/moved",
    ],
  },
];
