import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { architectureOf } from "../../core/index.ts";
import { createHttpClient, createProcessRunner, readEnvironment, systemClock } from "../../host/index.ts";
import type { FatNode } from "../disc/fat-layout.ts";
import { planEsp } from "./plan-esp.ts";

const ENTRIES = {
  "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n',
  "boot/vmlinuz-6.12": "kernel",
  "boot/initrd.img-6.12": "initrd",
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader",
};

/** The boot entry on the ESP of a tree. */
async function entryOf(entries: Readonly<Record<string, string>>, kernelName?: string): Promise<string> {
  const architecture = architectureOf("x86_64");
  if (architecture === undefined) throw new Error("x86_64 is unknown");
  using tree = fakeTree(entries);
  const host = {
    ...tree.host,
    processes: createProcessRunner(),
    http: createHttpClient({}),
    clock: systemClock,
    environment: readEnvironment(),
  };
  const esp = await planEsp(host, {
    root: tree.root,
    architecture,
    kernelVersions: ["6.12"],
    cmdline: "quiet",
    rootPartUuid: "00000000-0000-0000-0000-000000000001",
    ...(kernelName === undefined ? {} : { kernelName }),
  });
  // What a node holds is read when it is written: as long as the tree is there.
  return await textAt(esp, "loader/entries/debian-6.12.conf");
}

async function textAt(nodes: readonly FatNode[], file: string): Promise<string> {
  const [first = "", ...rest] = file.split("/");
  const node = nodes.find(({ name }) => name === first);
  if (node?.kind === "directory") return textAt(node.children, rest.join("/"));
  if (node?.kind !== "file") throw new Error(`there is no ${file}`);
  let text = "";
  for await (const chunk of node.content()) text += Buffer.from(chunk).toString();
  return text;
}

describe("planEsp()", () => {
  it("names the system in the boot menu, and the kernel when it has a name", async () => {
    expect(await entryOf(ENTRIES)).toContain("title      Debian GNU/Linux 13 (trixie)\n");
    expect(await entryOf(ENTRIES, "rt")).toContain("title      Debian GNU/Linux 13 (trixie) (rt)\n");
  });

  it("refuses a tree without boot loader", async () => {
    const withoutLoader = Object.fromEntries(Object.entries(ENTRIES).filter(([name]) => !name.startsWith("usr/")));
    await expect(entryOf(withoutLoader)).rejects.toMatchObject({ code: "IMAGE_KERNEL_MISSING" });
  });
});
