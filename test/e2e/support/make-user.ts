import process from "node:process";
import { run, succeed } from "./workshop.ts";

/** A plain user of this host, who is gone when the test ends; needs root. */
export async function makeUser(): Promise<{ name: string } & AsyncDisposable> {
  const name = `oic-test-${process.pid}`;
  await succeed(["useradd", "--create-home", name]);
  return { name, [Symbol.asyncDispose]: async () => void (await run(["userdel", "--remove", name])) };
}
