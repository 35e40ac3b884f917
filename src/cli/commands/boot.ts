import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Architecture, architectureOf, ComposerError, parseSize } from "../../core/index.ts";
import { onEndingSignal, startAttached, standardOutputTerminal } from "../../host/index.ts";
import {
  diskFormatOf,
  findFirmware,
  kvmWorks,
  type MachineOptions,
  planMachine,
  qemuProgram,
  runAttached,
  runUntilExpected,
} from "../boot/index.ts";
import type { CliContext } from "../context.ts";
import { formatLogLine, isShown } from "../report/index.ts";

interface BootFlags {
  readonly expect?: string;
  readonly timeout?: number;
  readonly memory: number;
  readonly cpus?: number;
  readonly firmware?: string;
  readonly arch?: string;
  readonly sshPort?: number;
  readonly credential?: ReadonlyMap<string, string>;
  readonly snapshot: boolean;
  readonly kvm: boolean;
}

const MEBIBYTE = 1024 ** 2;
const DEFAULT_MEMORY_BYTES = 2048 * MEBIBYTE;
const DEFAULT_TIMEOUT_S = 600;
const MAX_DEFAULT_CPUS = 4;

export function registerBoot(program: Command, context: CliContext): void {
  program
    .command("boot")
    .description("start an image in QEMU, with its serial line on this terminal; Ctrl-A X ends the machine")
    .argument("<image>", "disk image: raw, qcow2, vhd, vhdx, vmdk or vdi")
    .option("--expect <text>", "end with success once the text appears on the serial line, otherwise with exit code 1")
    .option("--timeout <seconds>", `how long to wait for it (${DEFAULT_TIMEOUT_S} by default)`, parseNumber(1, 86_400))
    .addOption(new Option("--memory <size>", "memory").default(DEFAULT_MEMORY_BYTES, "2G").argParser(parseMemory))
    .option("--cpus <n>", "number of processors", parseNumber(1, 255))
    .option("--arch <arch>", "architecture of the image; this host's by default", parseArchitecture)
    .option("--firmware <file>", "UEFI firmware to start from, or bios")
    .option("--ssh-port <port>", "lead this port of 127.0.0.1 to the image's SSH server", parseNumber(1, 65_535))
    .option("--credential <name=value>", "systemd credential for the guest; may be repeated", addCredential)
    .option("--no-snapshot", "keep what the guest writes to the image")
    .option("--no-kvm", "emulate the processor even where KVM works")
    .action((image: string, flags: BootFlags) => boot(context, image, flags));
}

async function boot(context: CliContext, image: string, flags: BootFlags): Promise<void> {
  const { host } = context;
  if (flags.timeout !== undefined && flags.expect === undefined) {
    throw new ComposerError("USAGE", "Cannot use --timeout: there is no --expect to wait for");
  }
  const architecture = hostArchitecture(context, flags.arch);
  const format = await diskFormatOf(host.files, image);
  await requireQemu(context, architecture);
  const firmware = await findFirmware(host.files, architecture, flags.firmware);
  const acceleration = flags.kvm && (await kvmWorks(host, architecture)) ? "kvm" : "tcg";
  const machine: MachineOptions = {
    architecture,
    image: { file: path.resolve(host.environment.workingDirectory, image), format },
    firmware,
    acceleration,
    memoryMiB: Math.ceil(flags.memory / MEBIBYTE),
    cpuCount: flags.cpus ?? Math.min(host.environment.cpuCount, MAX_DEFAULT_CPUS),
    snapshot: flags.snapshot,
    ...(flags.sshPort === undefined ? {} : { sshPort: flags.sshPort }),
    credentials: flags.credential ?? new Map(),
    interactive: flags.expect === undefined,
  };
  await announce(context, `Booting ${image} (${acceleration === "kvm" ? "KVM" : "emulated: KVM is not used"})`);
  await run(context, planMachine(machine), flags);
}

async function run(context: CliContext, argv: [string, ...string[]], flags: BootFlags): Promise<void> {
  const interruption = new AbortController();
  let received: string | undefined;
  const stopListening = onEndingSignal((signal) => {
    received = signal;
    interruption.abort();
  });
  // QEMU keeps what a snapshot writes in files without a name in TMPDIR.
  const { TMPDIR } = context.host.environment.variables;
  const env = TMPDIR === undefined ? {} : { TMPDIR };
  const { signal } = interruption;
  try {
    if (flags.expect === undefined) {
      await runAttached(startAttached, argv, env, signal);
      return;
    }
    const timeoutMs = (flags.timeout ?? DEFAULT_TIMEOUT_S) * 1000;
    const terminal = standardOutputTerminal();
    const decoder = new TextDecoder();
    const onOutput = (chunk: Uint8Array): void => terminal.write(decoder.decode(chunk, { stream: true }));
    try {
      await runUntilExpected(startAttached, { argv, env, text: flags.expect, timeoutMs, onOutput, signal });
    } finally {
      terminal.write("\n");
    }
    await announce(context, `Found "${flags.expect}" on the serial line`);
  } catch (error) {
    if (received === undefined) throw error;
    throw new ComposerError(
      received === "SIGINT" ? "INTERRUPTED" : "TERMINATED",
      `The machine was ended by ${received}`,
    );
  } finally {
    stopListening();
  }
}

async function announce(context: CliContext, text: string): Promise<void> {
  const { logging } = await context.settings();
  const line = { level: "info", text } as const;
  if (isShown(line.level, logging.level)) context.printError(formatLogLine(line));
}

const QEMU_PACKAGES: Readonly<Record<Architecture["name"], string>> = {
  x86_64: "qemu-system-x86",
  aarch64: "qemu-system-arm",
};

async function requireQemu({ host }: CliContext, architecture: Architecture): Promise<void> {
  await host.processes.run({
    argv: [qemuProgram(architecture), "--version"],
    package: QEMU_PACKAGES[architecture.name],
  });
}

function hostArchitecture({ host }: CliContext, wanted: string | undefined): Architecture {
  const name = wanted ?? (host.environment.architecture === "arm64" ? "aarch64" : "x86_64");
  const architecture = architectureOf(name);
  if (architecture === undefined) throw new ComposerError("USAGE", `Cannot boot an image for "${name}"`);
  return architecture;
}

function parseArchitecture(text: string): string {
  if (architectureOf(text) === undefined) throw new InvalidArgumentError("It must be x86_64 or aarch64.");
  return text;
}

function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

const LEAST_MEMORY_BYTES = 64 * MEBIBYTE;

function parseMemory(text: string): number {
  const sizeBytes = parseSize(text);
  if (sizeBytes !== undefined && sizeBytes >= LEAST_MEMORY_BYTES) return sizeBytes;
  throw new InvalidArgumentError("It must be a size of at least 64M, for example 2G.");
}

function addCredential(text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, name, value] = /^([A-Za-z0-9._-]{1,255})=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be NAME=VALUE, for example "passwd.hashed-password.root=…".');
  }
  return new Map([...before, [name, value]]);
}
