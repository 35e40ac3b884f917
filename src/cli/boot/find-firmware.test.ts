import { describe, expect, it } from "vitest";
import { type Architecture, architectureOf } from "../../core/index.ts";
import { findFirmware } from "./find-firmware.ts";

function architecture(name: string): Architecture {
  const found = architectureOf(name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** A host that has these files. */
function hostWith(...present: string[]) {
  return { isReadable: async (file: string) => present.includes(file) };
}

describe("findFirmware()", () => {
  it("takes the first complete pair of code and variables", async () => {
    const files = hostWith(
      "/usr/share/OVMF/OVMF_CODE_4M.fd",
      "/usr/share/OVMF/OVMF_CODE.fd",
      "/usr/share/OVMF/OVMF_VARS.fd",
    );
    expect(await findFirmware(files, architecture("x86_64"))).toEqual({
      kind: "uefi",
      code: "/usr/share/OVMF/OVMF_CODE.fd",
      variables: "/usr/share/OVMF/OVMF_VARS.fd",
      secureBoot: false,
    });
  });

  it.each([
    ["x86_64", "ovmf"],
    ["aarch64", "qemu-efi-aarch64"],
  ])("names the package of the firmware for %s", async (name, packageName) => {
    await expect(findFirmware(hostWith(), architecture(name))).rejects.toMatchObject({
      code: "HOST_TOOL_MISSING",
      hint: expect.stringContaining(`"${packageName}"`) as string,
    });
  });

  it.each([
    ["/fw/OVMF_CODE_4M.secboot.fd", "/fw/OVMF_VARS_4M.fd", true],
    ["/fw/OVMF_CODE_4M.ms.fd", "/fw/OVMF_VARS_4M.ms.fd", true],
    ["/code/AAVMF_CODE.no-secboot.fd", "/code/AAVMF_VARS.fd", false],
    ["/fw/ovmf-code.bin", "/fw/ovmf-vars.bin", false],
  ])("finds the variables of %s", async (code, variables, secureBoot) => {
    const found = await findFirmware(hostWith(code, variables), architecture("x86_64"), code);
    expect(found).toEqual({ kind: "uefi", code, variables, secureBoot });
  });

  it("takes a firmware that holds its own variables, and the BIOS", async () => {
    const x86 = architecture("x86_64");
    expect(await findFirmware(hostWith("/OVMF.fd"), x86, "/OVMF.fd")).toEqual({
      kind: "uefi",
      code: "/OVMF.fd",
      secureBoot: false,
    });
    expect(await findFirmware(hostWith(), x86, "bios")).toEqual({ kind: "bios" });
    await expect(findFirmware(hostWith(), architecture("aarch64"), "bios")).rejects.toMatchObject({ code: "USAGE" });
    await expect(findFirmware(hostWith(), x86, "/none.fd")).rejects.toMatchObject({ code: "USAGE" });
  });
});
