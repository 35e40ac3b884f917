import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planKvmProbe, PROBE_EXIT_CODE, probeBootSector } from "../../src/cli/boot/kvm-probe.ts";
import { architectureOf } from "../../src/core/index.ts";
import { openSerialSession } from "../e2e/support/serial-session.ts";

const main = path.join(import.meta.dirname, "../../src/cli/main.ts");
/** Whatever else this host does. */
const PATIENCE_MS = 120_000;
let directory: string;
let image: string;

/** Says "machine ready" on the first serial line, then sends back what it gets. 16-bit code for a PC. */
function echoBootSector(): Uint8Array {
  const sector = Buffer.alloc(512);
  sector.set([
    ...[0x31, 0xc0, 0x8e, 0xd8], // ds = 0
    ...[0xbe, 0x21, 0x7c], // si = the text
    ...[0xac, 0x84, 0xc0, 0x74, 0x06], // al = next byte; go on when it is zero
    ...[0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5], // write it to the line; again
    ...[0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf8], // wait for a byte
    ...[0xba, 0xf8, 0x03, 0xec, 0xee, 0xeb, 0xf1], // send it back; again
    ...Buffer.from("machine ready\r\n\0"),
  ]);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "boot-command-"));
  image = path.join(directory, "echo, twice.raw");
  const disk = Buffer.alloc(1024 * 1024);
  disk.set(echoBootSector());
  writeFileSync(image, disk);
});
afterAll(() => rmSync(directory, { recursive: true }));

function bootArguments(...further: string[]): [string, ...string[]] {
  return [process.execPath, main, "boot", image, "--firmware", "bios", "--memory", "64M", "--no-kvm", ...further];
}

function boot(...further: string[]) {
  const [program, ...args] = bootArguments(...further);
  return spawnSync(program, args, { cwd: directory, encoding: "utf8", timeout: 5 * 60_000 });
}

describe("os-image-composer boot", () => {
  it("ends with success when the text appears, and leaves the image as it was", () => {
    const digest = createHash("sha256").update(readFileSync(image)).digest("hex");
    const { status, stdout, stderr } = boot("--expect", "machine ready", "--timeout", "240");
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining("Found") as string });
    expect(stdout).toContain("machine ready");
    expect(createHash("sha256").update(readFileSync(image)).digest("hex")).toBe(digest);
  });

  it("ends with exit code 1 and the last lines when it doesn't", () => {
    // Seconds; on a busy host the machine says nothing for a while.
    for (const timeout of [3, 10, 60]) {
      const { status, stderr } = boot("--expect", "login:", "--timeout", String(timeout));
      expect(status).toBe(1);
      expect(stderr).toContain(`Cannot find "login:" on the serial line: it did not appear within ${timeout} s`);
      if (stderr.includes("machine ready")) return;
    }
    expect.fail("the last lines are not shown");
  });

  it("gives its serial line to whoever runs it", async () => {
    const session = openSerialSession({ argv: bootArguments(), cwd: directory });
    try {
      await session.waitFor(/machine (\w+)/, PATIENCE_MS);
      session.send("over to you");
      expect((await session.waitFor(/over (\w+) you/, PATIENCE_MS))[1]).toBe("to");
      await expect(session.waitFor("over to you", 200)).rejects.toThrow("did not appear");
    } finally {
      expect(await session.close()).toBe(143);
    }
    expect(session.transcript).toContain("The machine was ended by SIGTERM");
  });

  it("takes the machine along when it is killed", async () => {
    const [program, ...args] = bootArguments();
    const child = spawn(program, args, { cwd: directory, stdio: ["pipe", "pipe", "ignore"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const [machine] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
    expect(readFileSync(`/proc/${machine}/cmdline`, "utf8")).toContain("qemu-system");
    child.kill("SIGKILL");
    for (let waitedMs = 0; isRunning(machine) && waitedMs < PATIENCE_MS; waitedMs += 50) await delay(50);
    expect(isRunning(machine)).toBe(false);
  });

  it("proves with its probe that guests run", () => {
    const architecture = architectureOf("x86_64");
    if (architecture === undefined) throw new Error("x86_64");
    const sector = path.join(directory, "probe");
    writeFileSync(sector, probeBootSector());
    const [program, ...args] = planKvmProbe(architecture, sector, "tcg");
    expect(spawnSync(program, args, { timeout: PATIENCE_MS }).status).toBe(PROBE_EXIT_CODE);
  });
});

function isRunning(pid: string | undefined): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
}
