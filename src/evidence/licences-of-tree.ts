import path from "node:path";
import type { Host } from "../host/index.ts";
import { licencesFromCopyright } from "./licences-from-copyright.ts";

/**
 * The licences of a tree's packages, as far as their copyright files say them in a form that programs read.
 *
 * @returns SPDX expressions by package name, in the order of `names`
 */
export async function licencesOfTree(
  host: Pick<Host, "files">,
  root: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const licences: Record<string, string> = {};
  for (const name of names) {
    const file = path.join(root, "usr/share/doc", name, "copyright");
    // Some packages share the directory of another one through a link, which the other one answers for.
    if ((await host.files.stat(file))?.kind !== "file") continue;
    const expression = licencesFromCopyright(await host.files.readText(file));
    if (expression !== undefined) licences[name] = expression;
  }
  return licences;
}
