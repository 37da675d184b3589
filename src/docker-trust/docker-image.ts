// An image as it stands on docker's command line. As with docker a tag beside a digest counts for nothing, except where an image is
// signed: there it says that exactly this content is meant (sign-image.ts).
import { CountersignError } from "../bytes/index.ts";
import { parseReference, type RegistryReference } from "../oci/index.ts";

export interface DockerImage {
  /** As it was typed: docker repeats it in what it prints. */
  readonly text: string;
  readonly reference: RegistryReference;
}

/** @throws reference.invalid */
export function parseDockerImage(text: string): DockerImage {
  const reference = parseReference(text);
  if (reference.kind === "registry") return { text, reference };
  throw new CountersignError("reference.invalid", "invalid reference format: a layout directory has no place here", {
    hints: ["sign from a layout directory with: countersign sign oci:DIR:TAG --as IMAGE:TAG"],
  });
}
