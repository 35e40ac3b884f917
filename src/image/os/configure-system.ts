import type { ImageTemplate, SystemConfigSection } from "../../config/index.ts";
import { ComposerError, isComposerError, type EventSink, type SourcePosition } from "../../core/index.ts";
import { type Host, clampTreeTimes } from "../../host/index.ts";
import type { RepositorySource } from "../../ospackage/index.ts";
import { type PlannedUser, planAccounts } from "./accounts.ts";
import { placeAdditionalFiles } from "./additional-files.ts";
import { applyChanges } from "./apply-changes.ts";
import { planClean } from "./clean.ts";
import { planFileOwners } from "./file-owners.ts";
import { planHomes } from "./home-directories.ts";
import { planHostname, planLocale, planMachineIdentity, planSshHostKeys, planTimezone } from "./identity.ts";
import { type ImageTree, openImageTree } from "./image-tree.ts";
import { planKeyboard } from "./keyboard.ts";
import { parseLoginDefaults } from "./login-defaults.ts";
import { planNetwork } from "./network.ts";
import { planPackageSources } from "./package-sources.ts";
import { planYumSources } from "./yum-sources.ts";
import { planAccountFiles, readAccounts } from "./read-accounts.ts";
import { commandFailure, type RunInRoot, runScripts } from "./run-scripts.ts";
import { planSelinux } from "./selinux.ts";
import { planServices } from "./services.ts";
import { planSudo } from "./sudo.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

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
  readonly runInImage: RunInRoot;
  readonly emit: EventSink;
  /** Where the template says something, for messages. */
  readonly positionOf?: (templatePath: string) => SourcePosition | undefined;
  /** Whether only the default template of the target says what is at a path of the template. */
  readonly isDefault?: (templatePath: string) => boolean;
}

/**
 * Makes the configured system of a tree in which all packages are installed.
 *
 * The order: additional files; host name, time zone, locale, keyboard, SELinux, fstab, package sources; groups and users;
 * owners of files; network; units; the template's scripts, then its commands; then machine id, SSH host keys, residue and
 * times. A path that `additionalFiles` names is the user's: nothing that is planned here by default replaces it.
 *
 * @throws {TEMPLATE_INVALID} the template names something that the image does not have
 * @throws {CONFIGURATION_COMMAND_FAILED} a command of the template failed
 */
export async function configureSystem(host: Pick<Host, "files">, options: ConfigureSystemOptions): Promise<void> {
  try {
    await configure(host, options);
  } catch (error) {
    throw withPosition(error, options.positionOf);
  }
}

const NAMED_AT = /^named at (.+)$/;

/** Errors say which field of the template is wrong; here is known in which line it stands. */
function withPosition(error: unknown, positionOf: ConfigureSystemOptions["positionOf"]): unknown {
  if (!isComposerError(error, "TEMPLATE_INVALID") || error.position !== undefined) return error;
  const field = error.details.map((line) => NAMED_AT.exec(line)?.[1]).find((place) => place !== undefined);
  const position = field === undefined ? undefined : positionOf?.(field);
  if (position === undefined) return error;
  const { message, hint, cause } = error;
  const details = error.details.map((line) =>
    NAMED_AT.test(line) ? `${line} (${position.file}:${position.line}:${position.column})` : line,
  );
  return new ComposerError("TEMPLATE_INVALID", message, {
    position,
    details,
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

async function configure(host: Pick<Host, "files">, options: ConfigureSystemOptions): Promise<void> {
  const { root, template, runInImage, emit, sourceDateEpoch } = options;
  const section: SystemConfigSection = template.systemConfig ?? {};
  const tree = openImageTree(host, root);
  const apply = (changes: readonly TreeChange[]) => applyChanges(host, root, changes);
  const warn = (message: string): void => emit({ type: "warning", stage: "configuration", code: "TEMPLATE", message });

  const placed = await placeAdditionalFiles(host, tree, section.additionalFiles ?? [], options.templateDirectory);
  const usersOwn = new Set(placed.flatMap(({ paths }) => paths));
  const applyDefaults = (changes: readonly TreeChange[]) => apply(changes.filter(({ path }) => !usersOwn.has(path)));
  const applyPlan = async (plan: Plan): Promise<void> => {
    await applyDefaults(plan.changes);
    plan.warnings.forEach(warn);
  };

  await applyDefaults(planHostname(section.hostname));
  if (section.timezone !== undefined) await applyDefaults(await planTimezone(tree, section.timezone));
  if (section.locale !== undefined) {
    const locale = await planLocale(tree, section.locale);
    await applyDefaults(locale.changes);
    for (const command of locale.commands) await runInImage(command);
  }
  if (section.keyboard !== undefined) await applyPlan(await planKeyboard(tree, section.keyboard));
  if (section.selinux !== undefined) await applyPlan(await planSelinux(tree, section.selinux.mode));
  if (options.fstab !== undefined) await applyDefaults([rootFile("/etc/fstab", options.fstab)]);
  await applyDefaults(await planPackageSources(host, tree, options.repositories, template.target.os));
  await applyDefaults(await planYumSources(host, tree, options.repositories, template.target.os));

  const users = await configureUsers(host, tree, section, options);
  const accounts = await readAccounts(tree);
  await apply(planFileOwners(placed, accounts));
  await applyPlan(await planSudo(tree, accounts, users));

  const network = section.network === undefined ? undefined : await planNetwork(tree, section.network);
  if (network !== undefined) await applyPlan(network);
  const services = await planServices(tree, section.services ?? {}, {
    requiredUnits: network?.units ?? [],
    ...(options.isDefault === undefined ? {} : { isDefault: options.isDefault }),
  });
  for (const command of services.commands) await runInImage(command);
  services.warnings.forEach(warn);

  await runScripts(host, section.postInstallScripts ?? [], {
    ...options,
    run: runInImage,
    imageRoot: "/",
    field: "postInstallScripts",
    place: "the image",
  });
  await runConfigurations(section, options);
  await checkShells(tree, users);

  await apply(await planMachineIdentity(tree));
  // A key that the template brings is meant: it is not one that installing packages left behind.
  await applyDefaults(await planSshHostKeys(tree));
  await applyDefaults(await planClean(tree));
  clampTreeTimes(root, sourceDateEpoch);
}

interface Plan {
  readonly changes: readonly TreeChange[];
  readonly warnings: readonly string[];
}

async function configureUsers(
  host: Pick<Host, "files">,
  tree: ImageTree,
  section: SystemConfigSection,
  { buildKey, sourceDateEpoch }: ConfigureSystemOptions,
): Promise<readonly PlannedUser[]> {
  const defaults = parseLoginDefaults(await tree.readText("/etc/login.defs"));
  const { accounts, users } = planAccounts(await readAccounts(tree), section, {
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
  { runInImage, emit, positionOf }: ConfigureSystemOptions,
): Promise<void> {
  for (const [index, { cmd }] of configurations.entries()) {
    if (cmd === undefined) continue;
    try {
      await runInImage(["bash", "-c", cmd], { onLine: (line) => emit({ type: "debug", message: line }) });
    } catch (error) {
      const place = `systemConfig.configurations[${index}]`;
      throw commandFailure(error, `command of "${place}"`, place, positionOf?.(place), [`$ ${cmd}`]);
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
