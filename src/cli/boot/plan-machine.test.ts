import { describe, expect, it } from "vitest";
import { type Architecture, architectureOf } from "../../core/index.ts";
import { type MachineOptions, planMachine } from "./plan-machine.ts";

function architecture(name: string): Architecture {
  const found = architectureOf(name);
  if (found === undefined) throw new Error(name);
  return found;
}

const x86: MachineOptions = {
  architecture: architecture("x86_64"),
  image: { file: "/images/a,b.raw", format: "raw" },
  firmware: { kind: "uefi", code: "/fw/OVMF_CODE.fd", variables: "/fw/OVMF_VARS.fd", secureBoot: false },
  acceleration: "tcg",
  memoryMiB: 2048,
  cpuCount: 2,
  snapshot: true,
  credentials: new Map(),
  interactive: true,
};

/** One option a line, as a person would write it. */
function shown(options: MachineOptions): string {
  return planMachine(options).join(" ").replaceAll(" -", "\n-");
}

describe("planMachine()", () => {
  it("emulates a PC with UEFI that changes neither image nor firmware", () => {
    expect(shown(x86)).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -no-user-config
      -nodefaults
      -machine q35
      -accel tcg,thread=multi
      -cpu max,la57=off
      -m 2048M
      -smp 2
      -display none
      -no-reboot
      -serial mon:stdio
      -drive if=pflash,unit=0,format=raw,readonly=on,file=/fw/OVMF_CODE.fd
      -drive if=pflash,unit=1,format=raw,snapshot=on,file=/fw/OVMF_VARS.fd
      -drive if=none,id=disk0,format=raw,snapshot=on,cache=unsafe,file=/images/a,,b.raw
      -device virtio-blk-pci,drive=disk0,bootindex=1
      -netdev user,id=net0
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0"
    `);
  });

  it("gives an aarch64 guest SSH and credentials", () => {
    const credentials = new Map([["passwd.plaintext-password.root", "ä, b"]]);
    const firmware = {
      kind: "uefi",
      code: "/fw/AAVMF_CODE.fd",
      variables: "/fw/AAVMF_VARS.fd",
      secureBoot: false,
    } as const;
    const arm: MachineOptions = { ...x86, architecture: architecture("aarch64"), firmware, sshPort: 2222, credentials };
    expect(shown({ ...arm, acceleration: "kvm", interactive: false, snapshot: false })).toMatchInlineSnapshot(`
      "qemu-system-aarch64
      -no-user-config
      -nodefaults
      -machine virt
      -accel kvm
      -cpu host
      -m 2048M
      -smp 2
      -display none
      -no-reboot
      -serial stdio
      -drive if=pflash,unit=0,format=raw,readonly=on,file=/fw/AAVMF_CODE.fd
      -drive if=pflash,unit=1,format=raw,snapshot=on,file=/fw/AAVMF_VARS.fd
      -drive if=none,id=disk0,format=raw,snapshot=off,file=/images/a,,b.raw
      -device virtio-blk-pci,drive=disk0,bootindex=1
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -smbios type=11,value=io.systemd.credential.binary:passwd.plaintext-password.root=w6QsIGI="
    `);
  });

  it("protects the variables of Secure Boot firmware, and needs no firmware file for a BIOS", () => {
    const secure = shown({ ...x86, firmware: { kind: "uefi", code: "/fw/C.secboot.fd", secureBoot: true } });
    expect(secure).toContain("-machine q35,smm=on");
    expect(secure).toContain("-global driver=cfi.pflash01,property=secure,value=on");
    expect(secure).toContain("if=pflash,unit=0,format=raw,snapshot=on,file=/fw/C.secboot.fd");
    expect(shown({ ...x86, firmware: { kind: "bios" } })).not.toContain("pflash");
  });
});
