import type { AdditionalFileSection, ScriptSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Conversion } from "./conversion.ts";
import { type ScriptModel, type SystemConfigModel, itemsOf, textOf } from "./model.ts";

/** Every target of every file, in the order of the configuration. */
export function convertFiles(
  { AdditionalFiles }: SystemConfigModel,
  { compose, notes, localPath }: Conversion,
): Placed<AdditionalFileSection[]> | undefined {
  const files = (AdditionalFiles?.value ?? []).flatMap(({ key, value: targets, spot: source }) =>
    targets.map(({ value: { Path, Permissions }, spot }) => {
      const at = Path?.spot ?? spot;
      const final = textOf(Path);
      if (!final.startsWith("/")) notes.add("changed", at, "becomes absolute");
      const local = { value: localPath(key, source), place: { value: source.keySpan ?? at.node.span } };
      return compose.mapping(spot, {
        local,
        final: placed(final.startsWith("/") ? final : `/${final}`, at),
        mode: Permissions === undefined ? undefined : placed(modeOf(Permissions.value), Permissions.spot),
      });
    }),
  );
  return compose.listOfAny(AdditionalFiles?.spot, files);
}

function modeOf(permissions: string): string {
  return Number.parseInt(permissions, 8).toString(8).padStart(4, "0");
}

export function convertPreInstallScripts(
  { PreInstallScripts }: SystemConfigModel,
  conversion: Conversion,
): Placed<ScriptSection[]> | undefined {
  if (PreInstallScripts !== undefined && PreInstallScripts.value.length > 0) {
    conversion.notes.add(
      "changed",
      PreInstallScripts.spot,
      "ran in a kickstart installer; here they run before packages are installed, with the path of the tree in IMAGE_ROOT",
      "Look through them: there is no disk and no installer",
    );
  }
  return conversion.compose.listOfAny(PreInstallScripts?.spot, scriptsOf(PreInstallScripts, conversion));
}

/** The scripts after installation, then those that finish the image. */
export function convertPostInstallScripts(
  { PostInstallScripts, FinalizeImageScripts }: SystemConfigModel,
  conversion: Conversion,
): Placed<ScriptSection[]> | undefined {
  if (FinalizeImageScripts !== undefined && FinalizeImageScripts.value.length > 0) {
    conversion.notes.add(
      "changed",
      FinalizeImageScripts.spot,
      "ran after the boot loader was installed and files were labelled; here they run after PostInstallScripts, before both",
      "Look through them for paths below /boot",
    );
  }
  const scripts = [...scriptsOf(PostInstallScripts, conversion), ...scriptsOf(FinalizeImageScripts, conversion)];
  return conversion.compose.listOfAny(PostInstallScripts?.spot ?? FinalizeImageScripts?.spot, scripts);
}

function scriptsOf(scripts: Field<Field<ScriptModel>[]> | undefined, conversion: Conversion): Placed<ScriptSection>[] {
  const { compose, localPath, notes } = conversion;
  return itemsOf(scripts).flatMap(({ value: { Path, Args }, spot }) => {
    if (Path === undefined || Path.value === "") {
      notes.add("dropped", spot, "it has no Path");
      return [];
    }
    return [
      compose.mapping(spot, {
        file: placed(localPath(Path.value, Path.spot), Path.spot),
        arguments: Args === undefined ? undefined : argumentsOf(Args, conversion),
      }),
    ];
  });
}

/** The toolkit puts arguments into a shell command; what a shell would do with them beyond quotes is not done. */
function argumentsOf(args: Field<string>, { compose, notes }: Conversion): Placed<string[]> | undefined {
  const words = splitWords(args.value);
  if (words === undefined) {
    notes.add("dropped", args.spot, "the arguments are a shell's work", "Write them into the script");
    return undefined;
  }
  return compose.listOfAny(
    args.spot,
    words.map((word) => placed(word, args.spot)),
  );
}

/** The words of a command line with plain quotes; undefined when a shell would do more than to split it. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  const token = /\s+|((?:[^\s'"\\$`&|;<>()*?[\]{}~#!]|'[^']*'|"[^"\\$`!]*"|\\[^\n])+)/y;
  while (token.lastIndex < line.length) {
    const match = token.exec(line);
    if (match === null) return undefined;
    const [, word] = match;
    if (word !== undefined) words.push(word.replaceAll(/'([^']*)'|"([^"]*)"|\\(.)/g, "$1$2$3"));
  }
  return words;
}
