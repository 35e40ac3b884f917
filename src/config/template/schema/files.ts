import Type, { type Static } from "typebox";
import { ABSOLUTE_PATH, closed, flag, matching, text, texts } from "./fields.ts";

const MODE = matching("^[0-7]{3,4}$", 'three or four octal digits, for example "0644"');

export const AdditionalFile = Type.Object(
  {
    local: Type.Optional(text("File or directory to copy, relative to the template", "files/motd")),
    content: Type.Optional(text("Text of the file, instead of local", "Welcome\n")),
    directory: Type.Optional(flag("Make an empty directory, instead of local and content")),
    final: text("Absolute path in the image", "/etc/motd", ABSOLUTE_PATH),
    mode: Type.Optional(text("Permission bits in octal, quoted", "0644", MODE)),
    owner: Type.Optional(
      text(
        "Owner as user or user:group",
        "root:root",
        matching("^[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?$", "user or user:group"),
      ),
    ),
    stage: Type.Optional(
      text(
        "When it is copied: pre-initramfs puts it in place before the initrd is made",
        "pre-initramfs",
        matching("^(pre-initramfs)?$", 'an empty text or "pre-initramfs"'),
      ),
    ),
  },
  closed,
);

export const Script = Type.Object(
  {
    name: Type.Optional(text("What the log calls it", "license agreement")),
    file: Type.Optional(text("Script file, relative to the template", "scripts/prepare.sh")),
    inline: Type.Optional(text("Text of the script, instead of file", "echo ready > /etc/state\n")),
    interpreter: Type.Optional(
      text("Program that runs the script; the one of its first line, or bash, when absent", "/bin/sh", ABSOLUTE_PATH),
    ),
    arguments: Type.Optional(texts("Arguments of the script", ["--force"])),
    environment: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
        ...closed,
        description: "Environment variables of the script",
        examples: [{ STAGE: "production" }],
      }),
    ),
  },
  closed,
);

/** Other tools' templates have further keys here; only `cmd` has an effect, and the others give a warning. */
export const Configuration = Type.Object({
  cmd: Type.Optional(text("Command for bash, run in the image", "systemctl set-default multi-user.target")),
});

export type AdditionalFileSection = Static<typeof AdditionalFile>;
export type ScriptSection = Static<typeof Script>;
export type ConfigurationSection = Static<typeof Configuration>;
