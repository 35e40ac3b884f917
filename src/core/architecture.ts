/** The architectures that templates name, and what each part of the field calls them. */
export interface Architecture {
  readonly name: "x86_64" | "aarch64";
  readonly deb: "amd64" | "arm64";
  /** What Node.js and QEMU call it. */
  readonly node: "x64" | "arm64";
  readonly qemu: "x86_64" | "aarch64";
  /** The file name that UEFI firmware starts from removable media. @see UEFI specification, section 3.5.1.1 */
  readonly efiBootFile: "BOOTX64.EFI" | "BOOTAA64.EFI";
  /** The suffix in the names of systemd's EFI binaries. */
  readonly systemdEfi: "x64" | "aa64";
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: { name: "x86_64", deb: "amd64", node: "x64", qemu: "x86_64", efiBootFile: "BOOTX64.EFI", systemdEfi: "x64" },
  aarch64: {
    name: "aarch64",
    deb: "arm64",
    node: "arm64",
    qemu: "aarch64",
    efiBootFile: "BOOTAA64.EFI",
    systemdEfi: "aa64",
  },
};

/** @returns undefined for a name that no template may use */
export function architectureOf(name: string): Architecture | undefined {
  return Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
}
