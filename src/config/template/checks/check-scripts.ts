import type { DocumentPath, Finding } from "../../document/index.ts";
import { hostKeyWarning } from "./check-configurations.ts";
import { isCleanPath } from "./check-paths.ts";
import type { ScriptSection, SystemConfigSection } from "../schema/index.ts";

/** Every script has one source, and what runs it can run it. */
export function checkScripts({ preInstallScripts = [], postInstallScripts = [] }: SystemConfigSection): Finding[] {
  return [
    ...preInstallScripts.flatMap((script, index) => checkScript(script, ["systemConfig", "preInstallScripts", index])),
    ...postInstallScripts.flatMap((script, index) =>
      checkScript(script, ["systemConfig", "postInstallScripts", index]),
    ),
  ];
}

function checkScript(script: ScriptSection, path: DocumentPath): Finding[] {
  const { name, interpreter, environment = {} } = script;
  return [
    ...checkSource(script, path),
    ...(name !== undefined && (name.trim() === "" || /\p{Cc}/u.test(name))
      ? [{ path: [...path, "name"], message: "must be a line of text" }]
      : []),
    ...(interpreter !== undefined && (interpreter === "/" || !isCleanPath(interpreter) || /\s/.test(interpreter))
      ? [{ path: [...path, "interpreter"], message: `${JSON.stringify(interpreter)} is no absolute path of a program` }]
      : []),
    ...("IMAGE_ROOT" in environment
      ? [{ path: [...path, "environment", "IMAGE_ROOT"], message: "is set by the build", hint: "Choose another name" }]
      : []),
  ];
}

function checkSource({ file, inline }: ScriptSection, path: DocumentPath): Finding[] {
  if ((file === undefined) === (inline === undefined)) {
    const message = file === undefined ? "has no script" : "has file and inline";
    return [{ path, message, hint: "Give exactly one of file and inline" }];
  }
  if (file === "") return [{ path: [...path, "file"], message: "must not be empty" }];
  if (inline === undefined) return [];
  const at = [...path, "inline"];
  if (inline.trim() === "") return [{ path: at, message: "must not be empty" }];
  if (/^#![^\n]*\r\n/.test(inline)) {
    const hint = "Write the script as a block after |, or with \\n alone";
    return [{ path: at, message: "its first line ends in a carriage return: no program has that name", hint }];
  }
  return hostKeyWarning(inline, at);
}
