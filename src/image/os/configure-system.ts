import type { ImageTemplate, SystemConfigSection } from "../../config/index.ts";
import { ComposerError, type EventSink, isComposerError } from "../../core/index.ts";
import { type Host, clampTreeTimes } from "../../host/index.ts";
import type { RepositorySource } from "../../ospackage/index.ts";
import { type PlannedUser, planAccounts } from "./accounts.ts";
import { planAdditionalFiles, planFileOwners } from "./additional-files.ts";
import { applyChanges } from "./apply-changes.ts";
import { planClean } from "./clean.ts";
import { planHomes } from "./home-directories.ts";
import { planHostname, planLocale, planMachineIdentity, planSshHostKeys, planTimezone } from "./identity.ts";
import { type ImageTree, openImageTree } from "./image-tree.ts";
import { parseLoginDefaults } from "./login-defaults.ts";
import { planNetwork } from "./network.ts";
import { planPackageSources } from "./package-sources.ts";
import { planAccountFiles, readAccounts } from "./read-accounts.ts";
import { planServices } from "./services.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

/** Runs a program in the image, without network and with the environment of package scripts; fails like `ProcessRunner.run`. */
export type RunInImage = (
  argv: readonly [string, ...string[]],
  options?: { readonly onLine?: (line: string) => void },
) => Promise<unknown>;

export interface ConfigureSystemOptions {
  /** Absolute host path of the tree. */
  readonly root: string;
  readonly template: ImageTemplate;
  /** Where relative paths of `additionalFiles` start. */
  readonly templateDirectory: string;
  /** What the salts of password hashes are derived from. */
  readonly buildKey: string;
  /** Seconds since 1970. */
  readonly sourceDateEpoch: number;
  /** The text of /etc/fstab; without it the file stays as it is. */
  readonly fstab?: string;
  /** What the image's own package sources name; none when empty. */
  readonly repositories: readonly RepositorySource[];
  readonly runInImage: RunInImage;
  readonly emit: EventSink;
}

/**
 * Makes the configured system of a tree in which all packages are installed.
 *
 * The order: additional files; host name, time zone, locale, fstab, package sources; users; network; units; the
 * template's commands; then machine id, SSH host keys, residue and times. A path that `additionalFiles` names is the
 * user's: nothing that is planned here by default replaces it.
 *
 * @throws {TEMPLATE_INVALID} the template names something that the image does not have
 * @throws {CONFIGURATION_COMMAND_FAILED} a command of the template failed
 */
export async function configureSystem(host: Pick<Host, "files">, options: ConfigureSystemOptions): Promise<void> {
  const { root, template, runInImage, emit, sourceDateEpoch } = options;
  const section: SystemConfigSection = template.systemConfig ?? {};
  const tree = openImageTree(host, root);
  const additionalFiles = section.additionalFiles ?? [];
  const usersOwn = new Set(additionalFiles.map(({ final }) => final));
  const apply = (changes: readonly TreeChange[]) => applyChanges(host, root, changes);
  const applyDefaults = (changes: readonly TreeChange[]) => apply(changes.filter(({ path }) => !usersOwn.has(path)));
  const warn = (message: string): void => emit({ type: "warning", stage: "configuration", code: "TEMPLATE", message });

  await apply(await planAdditionalFiles(host, additionalFiles, options.templateDirectory));

  await applyDefaults(planHostname(section.hostname));
  if (section.timezone !== undefined) await applyDefaults(await planTimezone(tree, section.timezone));
  if (section.locale !== undefined) {
    const locale = await planLocale(tree, section.locale);
    await applyDefaults(locale.changes);
    for (const command of locale.commands) await runInImage(command);
  }
  if (options.fstab !== undefined) await applyDefaults([rootFile("/etc/fstab", options.fstab)]);
  await applyDefaults(await planPackageSources(host, tree, options.repositories, template.target.os));

  const users = await configureUsers(host, tree, section, options);
  await apply(planFileOwners(additionalFiles, await readAccounts(tree)));
  if (users.some((user) => user.section.sudo === true) && !(await tree.exists("/usr/bin/sudo"))) {
    warn('Users may use sudo, but the package "sudo" is not installed');
  }

  const network = section.network === undefined ? undefined : await planNetwork(tree, section.network);
  await applyDefaults(network?.changes ?? []);
  const services = await planServices(tree, section.services ?? {}, network?.units);
  for (const command of services.commands) await runInImage(command);
  [...(network?.warnings ?? []), ...services.warnings].forEach(warn);

  await runConfigurations(section, runInImage, emit);
  await checkShells(tree, users);

  await apply(await planMachineIdentity(tree));
  // A key that the template brings is meant: it is not one that installing packages left behind.
  await applyDefaults(await planSshHostKeys(tree));
  await applyDefaults(await planClean(tree));
  clampTreeTimes(root, sourceDateEpoch);
}

async function configureUsers(
  host: Pick<Host, "files">,
  tree: ImageTree,
  section: SystemConfigSection,
  { buildKey, sourceDateEpoch }: ConfigureSystemOptions,
): Promise<readonly PlannedUser[]> {
  const defaults = parseLoginDefaults(await tree.readText("/etc/login.defs"));
  const { accounts, users } = planAccounts(await readAccounts(tree), section.users ?? [], {
    defaults,
    defaultShell: (await tree.exists("/bin/bash")) ? "/bin/bash" : "/bin/sh",
    sourceDateEpoch,
    buildKey,
  });
  await applyChanges(host, tree.root, await planAccountFiles(tree, accounts));
  await applyChanges(host, tree.root, await planHomes(tree, users, defaults.homeMode));
  return users;
}

async function runConfigurations(
  { configurations = [] }: SystemConfigSection,
  runInImage: RunInImage,
  emit: EventSink,
): Promise<void> {
  for (const [index, { cmd }] of configurations.entries()) {
    if (cmd === undefined) continue;
    try {
      await runInImage(["bash", "-c", cmd], { onLine: (line) => emit({ type: "debug", message: line }) });
    } catch (error) {
      if (!isComposerError(error, "HOST_PROGRAM_FAILED", "HOST_PROGRAM_TIMEOUT", "HOST_TOOL_MISSING", "HOST_DISK_FULL"))
        throw error;
      const place = `systemConfig.configurations[${index}]`;
      const reason = error.message.replace(/^.*?: /, "");
      throw new ComposerError("CONFIGURATION_COMMAND_FAILED", `Cannot run the command of "${place}": ${reason}`, {
        hint: "The command runs as root in the image, without network; try it in a started image",
        details: [`$ ${cmd}`, ...error.details],
        cause: error,
      });
    }
  }
}

/** At the very end: the template's files and commands may have brought a shell. */
async function checkShells(tree: ImageTree, users: readonly PlannedUser[]): Promise<void> {
  for (const { entry, section, templatePath } of users) {
    const field = section.startupScript === undefined ? "shell" : "startupScript";
    if (section[field] === undefined || (await tree.target(entry.shell))?.kind === "file") continue;
    throw new ComposerError(
      "TEMPLATE_INVALID",
      `Cannot let "${entry.name}" log in: "${entry.shell}" does not exist in the image`,
      {
        hint: "Add the package that brings it to systemConfig.packages, or the file to systemConfig.additionalFiles",
        details: [`named at ${templatePath}.${field}`],
      },
    );
  }
}
