import { ComposerError, nearestOf } from "../../core/index.ts";
import type { ImageTree } from "./image-tree.ts";
import type { KeyboardSection } from "./sections.ts";
import { type TreeChange, removal, rootFile } from "./tree-change.ts";

export interface KeyboardPlan {
  readonly changes: readonly TreeChange[];
  readonly warnings: readonly string[];
}

const XKB_RULES = "/usr/share/X11/xkb/rules/base.lst";
const KEYMAP_TABLE = "/usr/share/systemd/kbd-model-map";
const DEFAULT_MODEL = "pc105";

/**
 * Plans the keyboard: /etc/vconsole.conf, which systemd reads, and /etc/default/keyboard where Debian's console-setup
 * does.
 *
 * @throws {TEMPLATE_INVALID} the image knows its keyboards, and not this one
 * @see vconsole.conf(5)
 * @see keyboard(5)
 */
export async function planKeyboard(tree: ImageTree, keyboard: KeyboardSection): Promise<KeyboardPlan> {
  await checkKnown(tree, keyboard);
  const { layout, variant = "", model = DEFAULT_MODEL, options = "" } = keyboard;
  const keymap = await consoleKeymap(tree, keyboard);
  const xkb = [
    ["XKBMODEL", model],
    ["XKBLAYOUT", layout],
    ["XKBVARIANT", variant],
    ["XKBOPTIONS", options],
  ] as const;
  const given = xkb.filter(([, value]) => value !== "").map(([name, value]) => `${name}=${value}\n`);
  const vconsole = rootFile("/etc/vconsole.conf", `KEYMAP=${keymap}\n${given.join("")}`);
  if (!(await tree.exists("/var/lib/dpkg/status"))) {
    return { changes: [vconsole], warnings: await missing(tree, "/usr/bin/loadkeys", "kbd") };
  }
  const lines = [...xkb.map(([name, value]) => `${name}="${value}"\n`), '\nBACKSPACE="guess"\n'];
  const cached = (await tree.list("/etc/console-setup")).filter((name) => name.startsWith("cached_"));
  return {
    changes: [
      vconsole,
      rootFile("/etc/default/keyboard", lines.join("")),
      // Made for the keyboard that the package's installation had chosen, and taken before any settings are read.
      ...cached.map((name) => removal(`/etc/console-setup/${name}`)),
    ],
    warnings: await missing(tree, "/usr/bin/setupcon", "console-setup"),
  };
}

async function missing(tree: ImageTree, program: string, packageName: string): Promise<string[]> {
  if (await tree.exists(program)) return [];
  return [`The keyboard of the console stays as it is: the package "${packageName}" is not installed`];
}

/** The keymap of the kernel's console that is nearest to an XKB layout, as localectl chooses it. */
async function consoleKeymap(tree: ImageTree, keyboard: KeyboardSection): Promise<string> {
  const { layout, variant = "" } = keyboard;
  const rows = ((await tree.readText(KEYMAP_TABLE)) ?? "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => line.trim().split(/\s+/));
  const [firstLayout = layout] = layout.split(",");
  const candidates = rows.filter(([, rowLayout = ""]) => rowLayout.split(",")[0] === firstLayout);
  const score = ([, rowLayout, , rowVariant = "-"]: readonly string[]): number =>
    (rowLayout === layout ? 2 : 0) + ((rowVariant === "-" ? "" : rowVariant) === variant ? 4 : 0);
  const best = candidates.reduce<readonly string[] | undefined>(
    (found, row) => (found === undefined || score(row) > score(found) ? row : found),
    undefined,
  );
  return best?.[0] ?? firstLayout;
}

/** Without the list of keyboards nothing is checked: then nothing in the image reads the settings for X. */
async function checkKnown(tree: ImageTree, keyboard: KeyboardSection): Promise<void> {
  const text = await tree.readText(XKB_RULES);
  if (text === undefined) return;
  const known = parseRules(text);
  const { layout, variant = "", model, options = "" } = keyboard;
  const words = (list: string): string[] => list.split(",").filter((word) => word !== "");
  checkWords("layout", words(layout), known.layout);
  checkWords("variant", words(variant), known.variant);
  checkWords("model", model === undefined ? [] : [model], known.model);
  checkWords("options", words(options), known.option);
}

function checkWords(field: keyof KeyboardSection, words: readonly string[], known: ReadonlySet<string>): void {
  for (const word of words) {
    if (known.has(word)) continue;
    const near = nearestOf(word, [...known]);
    throw new ComposerError("TEMPLATE_INVALID", `Cannot set the keyboard ${field} "${word}": the image has none such`, {
      hint: near === undefined ? `Name one of ${XKB_RULES}` : `Did you mean "${near}"?`,
      details: [`named at systemConfig.keyboard.${field}`],
    });
  }
}

/** Sections that begin with `! name`, and a name at the start of each line. */
function parseRules(text: string): Readonly<Record<"layout" | "variant" | "model" | "option", ReadonlySet<string>>> {
  const sections = new Map<string, Set<string>>();
  let current = new Set<string>();
  for (const line of text.split("\n")) {
    const [first = "", second = ""] = line.trim().split(/\s+/);
    if (first === "!") sections.set(second, (current = new Set()));
    else if (first !== "") current.add(first);
  }
  const names = (section: string): ReadonlySet<string> => sections.get(section) ?? new Set();
  return { layout: names("layout"), variant: names("variant"), model: names("model"), option: names("option") };
}
