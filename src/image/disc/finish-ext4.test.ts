import { describe, expect, it } from "vitest";
import { parseXattrs } from "./ext4-xattrs.ts";
import { checkDebugfs, finishExt4Call } from "./finish-ext4.ts";

const OPTIONS = { imageFile: "/run/disk.raw", offsetBytes: 1048576, sourceDateEpoch: 5, usedInodes: 12, xattrs: [] };

describe("parseXattrs()", () => {
  it("reads what getfattr prints, by path and name, and leaves out what is about the host", () => {
    const text = [
      "# file: /tree/usr/bin/ping",
      "security.selinux=0x7800",
      "user.b=0x01",
      "security.capability=0x0100000200200000",
      "",
      "# file: /tree",
      "user.empty",
      "user.overlay.opaque=0x79",
      "",
      '# file: /tree/etc/a b"q\\134x\\012y',
      "system.posix_acl_access=0x02000000",
      "trusted.x=0x00",
      "",
    ].join("\n");
    expect(parseXattrs(text, "/tree")).toEqual([
      { path: "/", name: "user.empty", value: Buffer.alloc(0) },
      { path: '/etc/a b"q\\x\ny', name: "system.posix_acl_access", value: Buffer.from("02000000", "hex") },
      { path: "/usr/bin/ping", name: "security.capability", value: Buffer.from("0100000200200000", "hex") },
      { path: "/usr/bin/ping", name: "user.b", value: Buffer.from("01", "hex") },
    ]);
  });
});

describe("finishExt4Call()", () => {
  it("sets the times of the root directory and of every used inode from lost+found on", () => {
    expect(finishExt4Call(OPTIONS).input?.split("\n")).toEqual([
      ...[2, 11, 12].flatMap((inode) => [`set_inode_field <${inode}> atime @5`, `set_inode_field <${inode}> ctime @5`]),
      "",
    ]);
  });

  it("writes attributes as bytes in octal, quotes in paths doubled", () => {
    const xattr = { path: '/a "b"', name: "user.x", value: Buffer.from([0, 34, 255]) };
    const { argv, input } = finishExt4Call({ ...OPTIONS, xattrs: [xattr] });
    expect(input).toContain('\nea_set "/a ""b""" "user.x" "\\000\\042\\377"\n');
    expect(argv.at(-1)).toBe("/run/disk.raw?offset=1048576");
  });

  it.each([
    ["a path with a line break", { path: "/a\nquit", name: "user.x", value: Buffer.alloc(1) }],
    ["a value of 4 KiB", { path: "/a", name: "user.x", value: Buffer.alloc(4096) }],
  ])("refuses %s", (_, xattr) => {
    expect(() => finishExt4Call({ ...OPTIONS, xattrs: [xattr] })).toThrow(
      expect.objectContaining({ code: "IMAGE_PLAN_INVALID" }),
    );
  });
});

describe("checkDebugfs()", () => {
  it("throws what debugfs complained about, though it ended with 0", () => {
    expect(() => checkDebugfs("debugfs 1.47.2 (1-Jan-2025)\n")).not.toThrow();
    expect(() => checkDebugfs("debugfs 1.47.2 (1-Jan-2025)\n/x: File not found by ext2_lookup\n")).toThrow(
      expect.objectContaining({ code: "HOST_PROGRAM_FAILED", details: ["/x: File not found by ext2_lookup"] }),
    );
  });
});
