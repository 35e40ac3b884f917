import path from "node:path";
import { describe, expect, it } from "vitest";
import { type HostFiles, nodeFiles, readEnvironment } from "../../../host/index.ts";
import { IssuesError, formatIssues } from "../../document/index.ts";
import { importTemplate } from "../import-template.ts";

/** A configuration that keeps every rule; the cases below break one each by replacing a piece of it. */
const VALID = `{
  "Disks": [{
    "PartitionTableType": "gpt",
    "MaxSize": 1024,
    "Partitions": [
      { "ID": "boot", "Name": "boot", "Start": 1, "End": 65, "FsType": "fat32", "Flags": ["esp", "boot"] },
      { "ID": "root", "Type": "linux", "Start": 65, "End": 0, "FsType": "ext4", "Flags": ["dmroot"] }
    ]
  }],
  "SystemConfigs": [{
    "Name": "Standard",
    "IsDefault": true,
    "BootType": "efi",
    "Hostname": "host",
    "PackageLists": ["list.json"],
    "Packages": ["vim", "nano=7.2"],
    "KernelOptions": { "default": "kernel", "_comment": "" },
    "KernelCommandLine": { "ImaPolicy": ["tcb"], "SELinux": "enforcing", "CGroup": "version_two", "ExtraCommandLine": "quiet" },
    "AdditionalFiles": { "a": "/a", "b": ["/b", { "Path": "/c", "Permissions": "644" }] },
    "PackageRepos": [{ "Name": "one", "BaseUrl": "https://example.com/one" }],
    "Networks": [{ "BootProto": "static", "Ip": "192.0.2.2", "NetMask": "255.255.255.0", "GateWay": "192.0.2.1", "NameServer": ["192.0.2.1"], "Device": "eth0", "OnBoot": true }],
    "Groups": [{ "Name": "staff", "GID": "2000" }],
    "Users": [{ "Name": "admin", "UID": "1000", "PasswordExpiresDays": 30 }],
    "Encryption": { "Enable": true, "Password": "x" },
    "PartitionSettings": [
      { "ID": "boot", "MountPoint": "/boot/efi", "MountIdentifier": "partlabel" },
      { "ID": "root", "MountPoint": "/" }
    ]
  }]
}
`;
const LIST = '{ "packages": ["shadow-utils", "selinux-policy", "dracut-fips>=1"] }\n';

type Replacement = readonly [from: string, to: string];
type Case = readonly [rule: string, replacements: readonly Replacement[], ...issues: readonly string[]];

const CASES: readonly Case[] = [
  ["V1 partition table", [['"gpt"', '"GPT"']], 'Disks[0].PartitionTableType 3:27 unknown value "GPT"'],
  [
    "V2 overlap",
    [['"Start": 65', '"Start": 64']],
    "Disks[0].Partitions[1].Start 7:49 64 MiB lies inside the partition before, which ends at 65 MiB",
  ],
  [
    "V3 no size",
    [['"MaxSize": 1024', '"MaxSize": 0']],
    "Disks[0].MaxSize 4:16 is missing, although the disk has partitions",
  ],
  [
    "V3 size is absent",
    [['"MaxSize": 1024,', ""]],
    "Disks[0].MaxSize 2:13 is missing, although the disk has partitions",
  ],
  [
    "V4 size before the last end",
    [['"End": 0', '"End": 2000']],
    "Disks[0].MaxSize 4:16 1024 MiB end before the last partition does, at 2000 MiB",
  ],
  [
    "V4 size before the last start",
    [['"MaxSize": 1024', '"MaxSize": 64']],
    "Disks[0].MaxSize 4:16 64 MiB end before the last partition does, at 65 MiB",
  ],
  ["V6 flag", [['"esp", ', '"efi", ']], 'Disks[0].Partitions[0].Flags[0] 6:91 unknown flag "efi"'],
  [
    "V7 two types",
    [['"Type": "linux"', '"Type": "linux", "TypeUUID": "0fc63daf-8483-4772-8e79-3d69d8477de4"']],
    "Disks[0].Partitions[1].TypeUUID 7:52 Type and TypeUUID exclude each other",
  ],
  [
    "V8 type",
    [['"Type": "linux"', '"Type": "linuks"']],
    'Disks[0].Partitions[1].Type 7:31 unknown partition type "linuks"',
  ],
  [
    "V9 name is not ASCII",
    [['"Name": "boot"', '"Name": "bööt"']],
    "Disks[0].Partitions[0].Name 6:31 has characters that are not ASCII",
  ],
  [
    "V10 long name",
    [['"Name": "boot"', `"Name": "${"x".repeat(36)}"`]],
    "Disks[0].Partitions[0].Name 6:31 longer than 35 characters",
  ],
  [
    "V11 mount identifier",
    [['"partlabel"', '"label"']],
    'SystemConfigs[0].PartitionSettings[0].MountIdentifier 26:69 unknown value "label"',
  ],
  [
    "V12 unknown partition",
    [['"ID": "boot", "MountPoint"', '"ID": "boo", "MountPoint"']],
    'SystemConfigs[0].PartitionSettings[0].ID 26:15 no partition has the ID "boo"',
  ],
  [
    "V13 repeated ID",
    [
      ['"ID": "root", "Type"', '"ID": "boot", "Type"'],
      ['"ID": "root", "Mount', '"ID": "boot", "Mount'],
    ],
    'Disks[0].Partitions[0].Flags 6:90 lack "dmroot", which an encrypted root partition has',
    'Disks[0].Partitions[1].ID 7:15 another partition has the ID "boot", too',
  ],
  [
    "V14 encryption without a root",
    [['"MountPoint": "/" }', '"MountPoint": "/srv" }']],
    'SystemConfigs[0].Encryption.Enable 24:31 nothing is mounted at "/", which would be encrypted',
  ],
  [
    "V15 encryption without the partition",
    [['"ID": "root", "MountPoint"', '"ID": "roof", "MountPoint"']],
    "SystemConfigs[0].Encryption.Enable 24:31 the root partition, which would be encrypted, is missing",
    'SystemConfigs[0].PartitionSettings[1].ID 27:15 no partition has the ID "roof"',
  ],
  [
    "V16 encryption without dmroot",
    [['["dmroot"]', "[]"]],
    'Disks[0].Partitions[1].Flags 7:90 lack "dmroot", which an encrypted root partition has',
  ],
  [
    "V17 two encrypted roots",
    [['["esp", "boot"]', '["dmroot"]']],
    'SystemConfigs[0].PartitionSettings[1].ID 27:15 a second partition with the flag "dmroot"',
  ],
  [
    "V18 partlabel on mbr",
    [['"gpt"', '"mbr"']],
    'SystemConfigs[0].PartitionSettings[0].MountIdentifier 26:69 only a "gpt" disk has partition labels',
  ],
  [
    "V19 partlabel without a name",
    [['"Name": "boot", ', ""]],
    "SystemConfigs[0].PartitionSettings[0].MountIdentifier 26:69 the partition has no Name",
  ],
  [
    "V20 no system configuration",
    [[VALID.slice(VALID.indexOf('"SystemConfigs"')), '"SystemConfigs": []\n}\n']],
    "SystemConfigs 10:20 there is no system configuration",
  ],
  [
    "V21 two defaults",
    [['"SystemConfigs": [{', '"SystemConfigs": [{ "Name": "a", "IsDefault": true, "Packages": ["x"] }, {']],
    "SystemConfigs[1].IsDefault 12:18 another system configuration is the default, too",
  ],
  ["V22 host name with _", [['"host"', '"my_host"']], "SystemConfigs[0].Hostname 14:17 a host name has no _"],
  [
    "V22 host name is an address",
    [['"host"', '"192.0.2.1"']],
    'SystemConfigs[0].Hostname 14:17 "192.0.2.1" is no host name',
  ],
  [
    "V22 host name with a long label",
    [['"host"', `"${"x".repeat(64)}"`]],
    'SystemConfigs[0].Hostname 14:17 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is no host name',
  ],
  ["V23 blank name", [['"Standard"', '" "']], "SystemConfigs[0].Name 11:13 must not be empty"],
  [
    "V24 boot type",
    [['"BootType": "efi"', '"BootType": "bios"']],
    'SystemConfigs[0].BootType 13:17 unknown value "bios"',
  ],
  [
    "V25 no packages",
    [
      ['"PackageLists": ["list.json"],', ""],
      ['"Packages": ["vim", "nano=7.2"],', ""],
      ['"SELinux": "enforcing", ', ""],
      ['"Groups": [{ "Name": "staff", "GID": "2000" }],', ""],
      ['"Users": [{ "Name": "admin", "UID": "1000", "PasswordExpiresDays": 30 }],', ""],
    ],
    "SystemConfigs[0].Packages 10:21 there are neither Packages nor PackageLists",
  ],
  [
    "V26 no default kernel",
    [['"default": "kernel"', '"hyperv": "kernel"']],
    'SystemConfigs[0].KernelOptions 17:22 has no kernel "default", which a disk image needs',
  ],
  [
    "V27 blank kernel",
    [['"default": "kernel"', '"default": "kernel", "other": " "']],
    "SystemConfigs[0].KernelOptions.other 17:54 must not be empty",
  ],
  [
    "V28 mount point twice",
    [['"/boot/efi"', '"/"']],
    'Disks[0].Partitions[0].Flags 6:90 lack "dmroot", which an encrypted root partition has',
    "SystemConfigs[0].PartitionSettings[1].MountPoint 27:37 another partition is mounted there, too",
  ],
  [
    "V29 encryption on an ISO without a root",
    [
      [VALID.slice(VALID.indexOf('"Disks"'), VALID.indexOf('"SystemConfigs"')), ""],
      ['"MountPoint": "/" }', '"MountPoint": "/srv" }'],
    ],
    'SystemConfigs[0].Encryption.Enable 16:31 nothing is mounted at "/", which would be encrypted',
    'SystemConfigs[0].PartitionSettings[0].ID 18:15 no partition has the ID "boot"',
    'SystemConfigs[0].PartitionSettings[1].ID 19:15 no partition has the ID "root"',
  ],
  [
    "V30 cgroup",
    [['"version_two"', '"version_three"']],
    'SystemConfigs[0].KernelCommandLine.CGroup 18:84 unknown value "version_three"',
  ],
  [
    "V30 IMA policy",
    [['["tcb"]', '["tcb", "tpm"]']],
    'SystemConfigs[0].KernelCommandLine.ImaPolicy[1] 18:49 unknown value "tpm"',
  ],
  ["V30 SELinux", [['"enforcing"', '"on"']], 'SystemConfigs[0].KernelCommandLine.SELinux 18:61 unknown value "on"'],
  [
    "V30 backquote",
    [['"quiet"', '"quiet `id`"']],
    "SystemConfigs[0].KernelCommandLine.ExtraCommandLine 18:119 has a ` in it",
  ],
  [
    "V31 no target",
    [['["/b", { "Path": "/c", "Permissions": "644" }]', "[]"]],
    "SystemConfigs[0].AdditionalFiles.b 19:42 has no target",
  ],
  ["V31 empty path", [['"/a"', '""']], "SystemConfigs[0].AdditionalFiles.a 19:31 must not be empty"],
  [
    "V31 path is absent",
    [['"Path": "/c", ', ""]],
    "SystemConfigs[0].AdditionalFiles.b[1].Path 19:49 must not be empty",
  ],
  [
    "V31 permissions are not octal",
    [['"644"', '"rw"']],
    'SystemConfigs[0].AdditionalFiles.b[1].Permissions 19:80 "rw" are no permissions',
  ],
  [
    "V31 permissions beyond 777",
    [['"644"', '"1777"']],
    'SystemConfigs[0].AdditionalFiles.b[1].Permissions 19:80 "1777" are no permissions',
  ],
  [
    "V31 permissions are a number",
    [['"644"', "644"]],
    "SystemConfigs[0].AdditionalFiles.b[1].Permissions 19:80 found a number",
  ],
  ["V31 target is a number", [['"a": "/a"', '"a": 1']], "SystemConfigs[0].AdditionalFiles.a 19:31 found a number"],
  ["V31 list in a list", [['["/b", ', '["/b", ["/d"], ']], "SystemConfigs[0].AdditionalFiles.b[1] 19:49 found a list"],
  [
    "V32 repository without a name",
    [['"Name": "one"', '"Name": " "']],
    "SystemConfigs[0].PackageRepos[0].Name 20:32 must not be empty",
  ],
  [
    "V32 repository without an address",
    [['"https://example.com/one"', '""']],
    "SystemConfigs[0].PackageRepos[0].BaseUrl 20:50 must not be empty",
  ],
  [
    "V32 address",
    [['"https://example.com/one"', '"example"']],
    "SystemConfigs[0].PackageRepos[0].BaseUrl 20:50 is no address",
  ],
  [
    "V32 keys of a repository that is not installed",
    [['"https://example.com/one"', '"https://example.com/one", "GPGKeys": "file:///k"']],
    "SystemConfigs[0].PackageRepos[0].GPGKeys 20:88 keys of one's own need a repository that is installed",
  ],
  [
    "V33 repository twice",
    [['"PackageRepos": [', '"PackageRepos": [{ "Name": "one", "BaseUrl": "https://example.com" }, ']],
    "SystemConfigs[0].PackageRepos[1].Name 20:85 another repository has this name, too",
  ],
  ["V34 protocol", [['"static"', '"pppoe"']], 'SystemConfigs[0].Networks[0].BootProto 21:33 unknown value "pppoe"'],
  [
    "V34 address",
    [['"192.0.2.2"', '"192.0.2.256"']],
    'SystemConfigs[0].Networks[0].Ip 21:49 "192.0.2.256" is no address',
  ],
  [
    "V34 mask is absent",
    [['"NetMask": "255.255.255.0", ', ""]],
    "SystemConfigs[0].Networks[0].NetMask 21:18 is missing",
  ],
  [
    "V34 gateway",
    [['"GateWay": "192.0.2.1"', '"GateWay": "gateway"']],
    'SystemConfigs[0].Networks[0].GateWay 21:101 "gateway" is no address',
  ],
  [
    "V34 name server",
    [['["192.0.2.1"]', '["192.0.2.1", "dns"]']],
    'SystemConfigs[0].Networks[0].NameServer[1] 21:142 "dns" is no address',
  ],
  [
    "V34 name server, as documented",
    [['"NameServer": ["192.0.2.1"]', '"NameServers": ["dns"]']],
    'SystemConfigs[0].Networks[0].NameServers[0] 21:130 "dns" is no address',
  ],
  ["V34 blank device", [['"eth0"', '" "']], "SystemConfigs[0].Networks[0].Device 21:153 must not be empty"],
  ["V35 blank user", [['"Name": "admin"', '"Name": ""']], "SystemConfigs[0].Users[0].Name 23:25 must not be empty"],
  [
    "V35 user id is a word",
    [['"UID": "1000"', '"UID": "ten"']],
    'SystemConfigs[0].Users[0].UID 23:41 "ten" is no user id',
  ],
  [
    "V35 user id is too large",
    [['"UID": "1000"', '"UID": "60001"']],
    'SystemConfigs[0].Users[0].UID 23:41 "60001" is no user id',
  ],
  ["V35 user id is a number", [['"UID": "1000"', '"UID": 1000']], "SystemConfigs[0].Users[0].UID 23:41 found a number"],
  [
    "V35 ageing below -1",
    [['"PasswordExpiresDays": 30', '"PasswordExpiresDays": -2']],
    "SystemConfigs[0].Users[0].PasswordExpiresDays 23:72 -2 is out of range",
  ],
  [
    "V35 ageing above 99999",
    [['"PasswordExpiresDays": 30', '"PasswordExpiresDays": 100000']],
    "SystemConfigs[0].Users[0].PasswordExpiresDays 23:72 100000 is out of range",
  ],
  ["group id", [['"GID": "2000"', '"GID": "many"']], 'SystemConfigs[0].Groups[0].GID 22:42 "many" is no group id'],
  [
    "P1 list is not there",
    [['"list.json"', '"lost.json"']],
    'SystemConfigs[0].PackageLists[0] 15:22 package list "lost.json" does not exist',
  ],
  [
    "P1 list is no JSON",
    [['"list.json"', '"broken.json"']],
    'SystemConfigs[0].PackageLists[0] broken.json 3:1 package list "broken.json" is no JSON: a value is expected here',
  ],
  [
    "P1 list without packages",
    [['"list.json"', '"empty.json"']],
    'SystemConfigs[0].PackageLists[0].packages empty.json 1:1 missing key "packages"',
  ],
  [
    "P1 list of numbers",
    [['"list.json"', '"numbers.json"']],
    "SystemConfigs[0].PackageLists[0].packages[0] numbers.json 2:16 found a number",
  ],
  ["P2 entry", [['"nano=7.2"', '"nano=="']], 'SystemConfigs[0].Packages[1] 16:25 "nano==" is no package'],
  [
    "P2 entry of a list",
    [['"list.json"', '"list.json", "wrong.json"']],
    'SystemConfigs[0].PackageLists[1].packages[0] wrong.json 2:16 "a b" is no package',
  ],
  [
    "P3 kernel",
    [['"nano=7.2"', '"kernel=6.6"']],
    "SystemConfigs[0].Packages[1] 16:25 the kernel is no package of a list",
  ],
  [
    "P4 fips=1",
    [
      ['"quiet"', '"quiet fips=1"'],
      ['"list.json"', '"no-fips.json"'],
    ],
    'SystemConfigs[0].KernelCommandLine.ExtraCommandLine 18:119 FIPS needs the package "dracut-fips"',
  ],
  [
    "P4 EnableFIPS",
    [
      ['"CGroup"', '"EnableFIPS": true, "CGroup"'],
      ['"list.json"', '"no-fips.json"'],
    ],
    'SystemConfigs[0].KernelCommandLine.EnableFIPS 18:88 FIPS needs the package "dracut-fips"',
  ],
  [
    "P5 SELinux policy",
    [['"list.json"', '"no-policy.json"']],
    'SystemConfigs[0].KernelCommandLine.SELinux 18:61 SELinux needs the package "selinux-policy"',
  ],
  [
    "P5 another SELinux policy",
    [['"CGroup"', '"SELinuxPolicy": "mls", "CGroup"']],
    'SystemConfigs[0].KernelCommandLine.SELinux 18:61 SELinux needs the package "mls"',
  ],
  [
    "P6 shadow-utils",
    [['"list.json"', '"no-shadow.json"']],
    'SystemConfigs[0].Users 23:14 users and groups need the package "shadow-utils"',
  ],
  [
    "P7 kickstart with disks",
    [['"IsDefault": true,', '"IsDefault": true, "IsKickStartBoot": true,']],
    "SystemConfigs[0].IsKickStartBoot 12:43 kickstart brings the disks: Disks and PartitionSettings exclude it",
  ],
  ["Go: size is quoted", [['"MaxSize": 1024', '"MaxSize": "1024"']], "Disks[0].MaxSize 4:16 found a text"],
  ["Go: size is negative", [['"MaxSize": 1024', '"MaxSize": -1']], "Disks[0].MaxSize 4:16 found -1"],
  ["Go: size has a fraction", [['"MaxSize": 1024', '"MaxSize": 1024.0']], "Disks[0].MaxSize 4:16 found 1024.0"],
  [
    "Go: size beyond 64 bits",
    [['"MaxSize": 1024', '"MaxSize": 18446744073709551616']],
    "Disks[0].MaxSize 4:16 is larger than anything that it can count",
  ],
  [
    "Go: flag is a text",
    [['"IsDefault": true', '"IsDefault": "true"']],
    "SystemConfigs[0].IsDefault 12:18 found a text",
  ],
  ["Go: list is a text", [['["esp", "boot"]', '"esp"']], "Disks[0].Partitions[0].Flags 6:90 found a text"],
  [
    "several at once",
    [
      ['"gpt"', '"GPT"'],
      ['"host"', '"my_host"'],
      ['"nano=7.2"', '"kernel"'],
      ['"UID": "1000"', '"UID": 1000'],
    ],
    'Disks[0].PartitionTableType 3:27 unknown value "GPT"',
    "SystemConfigs[0].Hostname 14:17 a host name has no _",
    "SystemConfigs[0].Packages[1] 16:25 the kernel is no package of a list",
    "SystemConfigs[0].Users[0].UID 23:41 found a number",
  ],
];

const FILES: Readonly<Record<string, string>> = {
  "list.json": LIST,
  "broken.json": '{ "packages": [\n  "a",\n] }\n',
  "empty.json": "{}\n",
  "numbers.json": '{\n  "packages": [1, "a"]\n}\n',
  "wrong.json": '{\n  "packages": ["a b"]\n}\n',
  "no-fips.json": LIST.replace(', "dracut-fips>=1"', ""),
  "no-policy.json": LIST.replace('"selinux-policy", ', ""),
  "no-shadow.json": LIST.replace('"shadow-utils", ', ""),
};

function hostWith(config: string) {
  const virtual: Readonly<Record<string, string>> = { ...FILES, "config.json": config };
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream(file) {
      const text = virtual[path.basename(file)];
      if (text === undefined) yield* nodeFiles.readStream(file);
      else yield Buffer.from(text);
    },
  };
  return { files, environment: { ...readEnvironment(), workingDirectory: "/nowhere", variables: {} } };
}

async function issuesOf(config: string): Promise<string[]> {
  try {
    await importTemplate(hostWith(config), "config.json");
    return [];
  } catch (error) {
    if (!(error instanceof IssuesError)) throw error;
    expect(formatIssues(error.issues, new Map()).join("\n")).not.toContain("undefined");
    return error.issues.map(({ path: at, position, message }) => {
      const file = position?.file === "config.json" ? "" : `${position?.file} `;
      return `${at} ${file}${position?.line}:${position?.column} ${message}`;
    });
  }
}

describe("rules of imageconfigs", () => {
  it("are all kept by the configuration that the cases break", async () => {
    expect(await issuesOf(VALID)).toEqual([]);
  });

  it.each(CASES.map(([rule, replacements, ...issues]) => ({ rule, replacements, issues })))(
    "$rule",
    async ({ replacements, issues }) => {
      let config = VALID;
      for (const [from, to] of replacements) {
        expect(config.split(from)).toHaveLength(2);
        config = config.replace(from, () => to);
      }
      expect(await issuesOf(config)).toEqual(issues);
    },
  );
});
