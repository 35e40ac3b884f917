import { InvalidArgumentError } from "commander";
import type { MirrorSetting, Settings } from "../config/index.ts";

export type MirrorFlags = Readonly<Record<string, MirrorSetting>>;

export const MIRROR_OPTION = [
  "--mirror <name=url>",
  "read a repository from elsewhere; NAME=host takes this host's own mirror",
  addMirror,
] as const;

function addMirror(text: string, before: MirrorFlags = {}): MirrorFlags {
  const match = /^([a-z0-9-]+)=(host|(?:https?|file):\/\/\S+)$/.exec(text);
  const [, name, url] = match ?? [];
  if (name === undefined || url === undefined) {
    throw new InvalidArgumentError(
      'It must be NAME=URL or NAME=host, for example "debian=http://mirror.example.com/debian".',
    );
  }
  return { ...before, [name]: { url, isRequired: true } };
}

/** Mirrors of the command line win over those of the configuration. */
export function withMirrors(settings: Settings, mirrors: MirrorFlags = {}): Settings {
  return { ...settings, mirrors: { ...settings.mirrors, ...mirrors } };
}
