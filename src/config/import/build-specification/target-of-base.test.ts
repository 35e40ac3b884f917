import { describe, expect, it } from "vitest";
import { targetOfBase } from "./target-of-base.ts";

describe("targetOfBase()", () => {
  it.each([
    ["debian", "12", "debian/debian12"],
    ["Debian", "13.1", "debian/debian13"],
    ["debian", "bookworm", "debian/debian12"],
    ["debian", "trixie", "debian/debian13"],
    ["debian", "debian13", "debian/debian13"],
    ["debian", "11", "debian/debian12, not the same"],
    ["debian", "14", "debian/debian13, not the same"],
    ["ubuntu", "22.04", "ubuntu/ubuntu24, not the same"],
    ["ubuntu", "24.04", "ubuntu/ubuntu24"],
    ["ubuntu", "noble", "ubuntu/ubuntu24"],
    ["azurelinux", "3.0", "azure-linux/azl3"],
    ["mariner", "2.0", "azure-linux/azl3, not the same"],
    ["elxr", "12", "wind-river-elxr/elxr12"],
    ["emt", "3", "edge-microvisor-toolkit/emt3"],
    ["rocky", "9.4", "redhat-compatible-distro/el9"],
    ["debian", "newest", "debian/, not the same"],
    ["debian", "__proto__", "debian/, not the same"],
    ["plan9", "4", undefined],
  ])("makes of %s %s the target %s", (os, version, expected) => {
    const target = targetOfBase(os, version);
    const text = target && `${target.os}/${target.dist ?? ""}${target.isSame ? "" : ", not the same"}`;
    expect(text).toBe(expected);
  });
});
