import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { expect, it } from "vitest";
import { findFirmware, planMachine } from "../../src/cli/boot/index.ts";
import { architectureOf } from "../../src/core/index.ts";
import { nodeFiles } from "../../src/host/index.ts";
import { copyProgram } from "./support/copy-program.ts";
import { explainDifference } from "./support/explain-difference.ts";
import { openSerialSession } from "./support/serial-session.ts";
import { IMAGE_NAME, makeDirectory, REPOSITORY, succeed, TEMPLATE } from "./support/workshop.ts";

const MINUTE_MS = 60_000;
/** An emulated machine needs ten to twenty times as long as this one, and more when others use it, too. */
const GUEST_TIMEOUT_MS = 60 * MINUTE_MS;
const GUEST_MEMORY_MIB = 8 * 1024;
const AHEAD_MS = 36 * 60 * MINUTE_MS;
const OUTPUTS = [IMAGE_NAME, "manifest.json", "spdx_manifest.json"] as const;

/** Where the guest sees its second disk. */
const GUEST_DIRECTORY = "/srv/fresh";
const DISK_LABEL = "fresh";

/**
 * The README's image builds itself: started in QEMU it is a bare Debian with systemd and util-linux, without network and
 * with a clock that is a day and a half ahead. What differs from this host: clock, kernel, host name, machine,
 * directories. What it makes must be the same bytes.
 */
it(
  "a bare machine with another clock and another kernel makes the same image, and needs nothing installed",
  { timeout: GUEST_TIMEOUT_MS + 20 * MINUTE_MS },
  async ({ skip }) => {
    if (process.env["OIC_TEST_FULL"] === undefined) skip("it is one of the long tests (npm run test:full)");
    if (process.arch !== "x64") skip("the image that is booted is one for x86_64");
    if (os.freemem() < (GUEST_MEMORY_MIB + 1024) * 1024 ** 2) skip("less than 9 GiB of memory are free");

    await using directory = await makeDirectory("fresh-machine-");
    const here = path.join(directory.path, "here");
    const cache = path.join(directory.path, "cache");
    await succeed([path.join(REPOSITORY, "os-image-composer"), ...buildArguments(TEMPLATE, here, cache)]);
    const image = path.join(here, "out", IMAGE_NAME);
    // The guest gets packages, not the finished image.
    await nodeFiles.remove(path.join(cache, "imageCache"));
    const disk = await makeSecondDisk(directory.path, cache);

    const startedMs = performance.now();
    const report = await buildInGuest(image, disk);
    console.log(`${report}, ${Math.round((performance.now() - startedMs) / 1000)} s with its start`);

    const word = (name: string): string => new RegExp(`\\b${name}=(\\S*)`).exec(report)?.[1] ?? "";
    expect(word("code")).toBe("0");
    expect(Number(word("date")) * 1000 - Date.now()).toBeGreaterThan(24 * 60 * MINUTE_MS);
    expect(word("kernel")).not.toBe(os.release());
    expect(word("hostname")).not.toBe(os.hostname());
    for (const [index, name] of OUTPUTS.entries()) {
      const ours = path.join(here, "out", name);
      if (word(`sha256-${index}`) !== (await sha256Of(ours))) {
        const theirs = path.join(directory.path, `guest-${name}`);
        await succeed(["debugfs", "-R", `dump /out/out/${name} ${theirs}`, disk]);
        expect(await explainDifference(ours, theirs), name).toBeUndefined();
        expect.fail(`${name} differs`);
      }
    }
  },
);

/** The work and output directories are below `directory`; nothing is written elsewhere. */
function buildArguments(template: string, directory: string, cache: string): string[] {
  const below = (name: string): string => path.posix.join(directory, name);
  return [
    ...["build", template, "--mirror", "debian=host", "--progress", "plain", "--cache-dir", cache],
    ...["--work-dir", below("work"), "--temp-dir", below("temp"), "--output", below("out")],
  ];
}

/** An ext4 disk with the program, a full cache, this host's names of mirrors, and what the guest has to do. */
async function makeSecondDisk(directory: string, cache: string): Promise<string> {
  const content = path.join(directory, "content");
  await mkdir(content);
  await copyProgram(path.join(content, "composer"));
  await cp(cache, path.join(content, "cache"), { recursive: true, preserveTimestamps: true });
  // The cache is kept by address, and `debian=host` takes the address from here.
  await mkdir(path.join(content, "apt"));
  for (const name of ["sources.list", "sources.list.d"]) {
    const source = path.join("/etc/apt", name);
    if (await nodeFiles.exists(source)) await cp(source, path.join(content, "apt", name), { recursive: true });
  }
  await writeFile(path.join(content, "build.sh"), guestScript());
  const disk = path.join(directory, "second.raw");
  await succeed(["mke2fs", "-q", "-t", "ext4", "-L", DISK_LABEL, "-d", content, disk, "8G"]);
  return disk;
}

function guestScript(): string {
  const template = `${GUEST_DIRECTORY}/composer/${path.relative(REPOSITORY, TEMPLATE)}`;
  const argv = [
    `${GUEST_DIRECTORY}/composer/os-image-composer`,
    ...buildArguments(template, `${GUEST_DIRECTORY}/out`, `${GUEST_DIRECTORY}/cache`),
    "--offline",
  ];
  const sums = OUTPUTS.map((name, index) => `sha256-${index}=$(sha256sum <${GUEST_DIRECTORY}/out/out/${name} | cut -d' ' -f1)`); // prettier-ignore
  return [
    "rm -rf /etc/apt/sources.list /etc/apt/sources.list.d",
    `cp -r ${GUEST_DIRECTORY}/apt/. /etc/apt/`,
    `start=$(date +%s)`,
    // Not to the serial line: others write to it, and getty hangs it up.
    `cd /; ${argv.join(" ")} >${GUEST_DIRECTORY}/log 2>&1`,
    "code=$?",
    `echo "code=$code date=$(date +%s) seconds=$(($(date +%s) - start)) kernel=$(uname -r) hostname=$(hostname) ${sums.join(" ")}" >${GUEST_DIRECTORY}/report`,
    "sync",
    "systemctl --no-block poweroff",
    "",
  ].join("\n");
}

/** Boots the image with the disk beside it, waits until it is off, and gives what the unit that is added to it wrote. */
async function buildInGuest(image: string, disk: string): Promise<string> {
  const architecture = architectureOf("x86_64");
  if (architecture === undefined) throw new Error("x86_64 is unknown");
  const machine = planMachine({
    architecture,
    image: { file: image, format: "raw" },
    firmware: await findFirmware(nodeFiles, architecture),
    acceleration: "tcg",
    memoryMiB: GUEST_MEMORY_MIB,
    // With two, V8 is aborted in one of five starts: programs that write code while other threads run it are not
    // emulated faithfully.
    cpuCount: 1,
    snapshot: true,
    credentials: guestCredentials(),
    interactive: true,
  });
  const withoutNetwork = machine.map((word) => (word.startsWith("user,id=net0") ? `${word},restrict=on` : word));
  const clock = new Date(Date.now() + AHEAD_MS).toISOString().slice(0, 19);
  const session = openSerialSession({
    argv: [
      ...(withoutNetwork as [string, ...string[]]),
      ...["-drive", `if=none,id=disk1,format=raw,cache=unsafe,file=${disk}`],
      ...["-device", "virtio-blk-pci,drive=disk1", "-rtc", `base=${clock},clock=host`],
    ],
  });
  try {
    // What it has written is on the disk when it is off.
    await session.waitFor(/Power down/, GUEST_TIMEOUT_MS);
    const written = async (name: string): Promise<string> =>
      (await succeed(["debugfs", "-R", `cat /${name}`, disk])).trim();
    const report = await written("report");
    if (!report.includes("code=0")) console.log(session.transcript, await written("log"));
    return report;
  } finally {
    await session.close();
  }
}

/** @see systemd.system-credentials(7), "systemd.extra-unit.*" */
function guestCredentials(): ReadonlyMap<string, string> {
  const service = [
    "[Unit]\nDescription=Build on the second disk\nAfter=multi-user.target\n[Service]\nType=exec",
    `ExecStart=/bin/sh -c 'mkdir -p ${GUEST_DIRECTORY} && mount -L ${DISK_LABEL} ${GUEST_DIRECTORY} && exec sh ${GUEST_DIRECTORY}/build.sh'`,
    "",
  ];
  return new Map([
    ["systemd.extra-unit.fresh.service", service.join("\n")],
    ["systemd.unit-dropin.multi-user.target", "[Unit]\nWants=fresh.service\n"],
  ]);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
