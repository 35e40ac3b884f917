import { describe, expect, it } from "vitest";
import { spdxSupplier } from "./spdx-supplier.ts";

describe("spdxSupplier()", () => {
  it.each([
    ["Jane Doe <jane@example.org>", "Person: Jane Doe (jane@example.org)"],
    [
      "Debian systemd Maintainers <pkg-systemd-maintainers@lists.alioth.debian.org>",
      "Organization: Debian systemd Maintainers (pkg-systemd-maintainers@lists.alioth.debian.org)",
    ],
    ["GNU Libc <debian-glibc@lists.debian.org>", "Organization: GNU Libc (debian-glibc@lists.debian.org)"],
    ["APT Development Team <deity@lists.debian.org>", "Organization: APT Development Team (deity@lists.debian.org)"],
    ["apparmor <apparmor@packages.debian.org>", "Organization: apparmor (apparmor@packages.debian.org)"],
    ['"Adam C. Powell, IV" <hazelsct@debian.org>', "Person: Adam C. Powell, IV (hazelsct@debian.org)"],
    ["<jane@example.org>", "Person: jane@example.org"],
    ["Jane", "Person: Jane"],
    ["", "NOASSERTION"],
  ])("names %j", (maintainer, supplier) => {
    expect(spdxSupplier(maintainer)).toBe(supplier);
  });
});
