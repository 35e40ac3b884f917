import * as fs from "node:fs";
import path from "node:path";
import { writeError } from "./files.ts";

/**
 * Takes the clock out of a tree: sets the times of every entry that was made while building to `epochSeconds`.
 *
 * Those are the entries newer than the epoch, and those with a fraction of a second, which package archives don't
 * have: so a host whose clock is slow gives the same tree. Other entries are not touched, since on an overlay even
 * that would copy them. Links are changed themselves, never followed; file systems mounted below `root` are left alone.
 *
 * File system calls are synchronous: asynchronous ones cost more than their work, and there are tens of thousands.
 *
 * @returns how many entries were set
 */
export function clampTreeTimes(root: string, epochSeconds: number): number {
  let changed = 0;

  const clamp = (entry: string, stat: fs.Stats): void => {
    const mtimeSeconds = stat.mtimeMs / 1000;
    if (mtimeSeconds <= epochSeconds && Number.isInteger(mtimeSeconds)) return;
    fs.lutimesSync(entry, epochSeconds, epochSeconds);
    changed += 1;
  };

  const visit = (directory: string, device: number): void => {
    for (const name of fs.readdirSync(directory)) {
      const entry = path.join(directory, name);
      const stat = fs.lstatSync(entry);
      if (stat.isDirectory()) {
        // Files of an overlay may say another device than its directories.
        if (stat.dev !== device) continue;
        visit(entry, device);
      }
      clamp(entry, stat);
    }
  };

  try {
    const stat = fs.lstatSync(root);
    visit(root, stat.dev);
    clamp(root, stat);
  } catch (error) {
    throw writeError(root, error);
  }
  return changed;
}
