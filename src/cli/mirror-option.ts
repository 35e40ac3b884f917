import { InvalidArgumentError } from "commander";
import type { MirrorSetting, Settings } from "../config/index.ts";

export type MirrorFlags = Readonly<Record<string, MirrorSetting>>;

export const MIRROR_OPTION = [
  "--mirror <name=url>",
  "read a repository from elsewhere; NAME=host takes this host's own mirror",
  addMirror,
] as const;

function addMirror(text: string, before: MirrorFlags = {}): MirrorFlags {
  const match = /^([a-z0-9-]+)=(host|(?:mirror\+)?(?:https?|file):\/\/\S+)$/.exec(text);
  const [, name, url] = match ?? [];
  if (name === undefined || url === undefined) {
    throw new InvalidArgumentError(
      'It must be NAME=URL or NAME=host, for example "debian=http://mirror.example.com/debian".',
    );
  }
  return { ...before, [name]: { url, isRequired: true } };
}

/** Addresses of the command line win over those of the configuration, whose keys and suite for that name stay. */
export function withMirrors(settings: Settings, mirrors: MirrorFlags = {}): Settings {
  const merged = Object.entries(mirrors).map(
    ([name, mirror]) => [name, { ...settings.mirrors[name], ...mirror }] as const,
  );
  return { ...settings, mirrors: { ...settings.mirrors, ...Object.fromEntries<MirrorSetting>(merged) } };
}
