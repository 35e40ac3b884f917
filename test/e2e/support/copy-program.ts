import { cp, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { REPOSITORY, succeed } from "./workshop.ts";

const PARTS = ["os-image-composer", "package.json", "package-lock.json", "src", "config", "schema", "image-templates"];

/**
 * Copies what a build needs of this checkout to where others may read it, as it is after a first start: the program's
 * dependencies and a Node.js of its own, so that no registry is asked.
 */
export async function copyProgram(target: string): Promise<void> {
  const { dependencies } = JSON.parse(await readFile(path.join(REPOSITORY, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const modules = Object.keys(dependencies).map((name) => `node_modules/${name}`);
  for (const part of [...PARTS, ...modules]) {
    await cp(path.join(REPOSITORY, part), path.join(target, part), { recursive: true });
  }
  await cp(path.join(target, "package-lock.json"), path.join(target, "node_modules/.made-from-lock"));
  const node = path.join(target, `.toolchain/node_modules/node-linux-${process.arch}/bin/node`);
  await mkdir(path.dirname(node), { recursive: true });
  await cp(process.execPath, node);
  await succeed(["chmod", "-R", "a+rX", target]);
}
