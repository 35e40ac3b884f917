import { describe, expect, it } from "vitest";
import { type Architecture, architectureOf } from "../../core/index.ts";
import { kernelCommandLine, planSystemdBoot, type SystemdBootOptions } from "./plan-systemd-boot.ts";

const OPTIONS: SystemdBootOptions<string> = {
  architecture: architectureOf("x86_64") as Architecture,
  kernelVersion: "6.12.48+deb13-amd64",
  entryToken: "debian",
  title: "Debian GNU/Linux 13 (trixie)",
  cmdline: "console=ttyS0,115200 quiet",
  rootPartUuid: "8daf72bc-3907-5746-87ed-b027191ee9c1",
  sortKey: "debian",
  kernel: "/boot/vmlinuz",
  initrds: [{ name: "initrd.img-6.12.48+deb13-amd64", content: "/boot/initrd" }],
  bootLoader: "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
};

/** The text of a file of the plan. */
function textOf(path: string, options = OPTIONS): string | undefined {
  const content = planSystemdBoot(options).find((file) => file.path === path)?.content;
  return content?.kind === "text" ? content.text : undefined;
}

describe("planSystemdBoot()", () => {
  it("lays out the ESP as bootctl and kernel-install do, in the order of paths, without a random seed", () => {
    const paths = planSystemdBoot(OPTIONS).map(({ path }) => path);
    expect(paths).toEqual([
      "/EFI/BOOT/BOOTX64.EFI",
      "/EFI/systemd/systemd-bootx64.efi",
      "/debian/6.12.48+deb13-amd64/initrd.img-6.12.48+deb13-amd64",
      "/debian/6.12.48+deb13-amd64/linux",
      "/loader/entries.srel",
      "/loader/entries/debian-6.12.48+deb13-amd64.conf",
      "/loader/loader.conf",
    ]);
  });

  it("names the boot loader after the architecture", () => {
    const architecture = architectureOf("aarch64") as Architecture;
    expect(planSystemdBoot({ ...OPTIONS, architecture }).map(({ path }) => path)).toEqual(
      expect.arrayContaining(["/EFI/BOOT/BOOTAA64.EFI", "/EFI/systemd/systemd-bootaa64.efi"]),
    );
  });

  it("writes a type #1 entry", () => {
    expect(textOf("/loader/entries.srel")).toBe("type1\n");
    expect(textOf("/loader/entries/debian-6.12.48+deb13-amd64.conf")).toBe(
      [
        "title      Debian GNU/Linux 13 (trixie)",
        "version    6.12.48+deb13-amd64",
        "sort-key   debian",
        "options    root=PARTUUID=8daf72bc-3907-5746-87ed-b027191ee9c1 ro console=ttyS0,115200 quiet",
        "linux      /debian/6.12.48+deb13-amd64/linux",
        "initrd     /debian/6.12.48+deb13-amd64/initrd.img-6.12.48+deb13-amd64",
        "",
      ].join("\n"),
    );
  });

  it("says the machine id only when the token is one", () => {
    const entryToken = "0123456789abcdef0123456789abcdef";
    const path = `/loader/entries/${entryToken}-${OPTIONS.kernelVersion}.conf`;
    expect(textOf(path, { ...OPTIONS, entryToken })).toContain(`machine-id ${entryToken}\n`);
  });

  it.each([
    ["a token that climbs", { entryToken: "../x" }],
    ["a token with a space", { entryToken: "a b" }],
    ["a version with a slash", { kernelVersion: "6.1/2" }],
    ["a title with a line break", { title: "x\noptions init=/bin/sh" }],
    ["an initrd name with a slash", { initrds: [{ name: "a/b", content: "" }] }],
  ])("refuses %s", (_, change) => {
    expect(() => planSystemdBoot({ ...OPTIONS, ...change })).toThrow(
      expect.objectContaining({ code: "IMAGE_PLAN_INVALID" }),
    );
  });
});

describe("kernelCommandLine()", () => {
  it.each([
    ["", "root=PARTUUID=id ro"],
    ["  quiet\tsplash ", "root=PARTUUID=id ro quiet splash"],
    ["rw quiet", "root=PARTUUID=id rw quiet"],
    ["root=/dev/vda2 quiet", "root=/dev/vda2 quiet"],
    ["rootflags=x", "root=PARTUUID=id ro rootflags=x"],
    ['dyndbg="file a.c  +p" quiet', 'root=PARTUUID=id ro dyndbg="file a.c  +p" quiet'],
  ])("makes of %j: %j", (cmdline, line) => {
    expect(kernelCommandLine(cmdline, "id")).toBe(line);
  });

  it.each(["a\nb", "a\u0000b", "x".repeat(2048)])("refuses what no kernel takes", (cmdline) => {
    expect(() => kernelCommandLine(cmdline, "id")).toThrow(expect.objectContaining({ code: "IMAGE_PLAN_INVALID" }));
  });
});
