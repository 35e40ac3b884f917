import type { Finding } from "../../document/index.ts";
import type { ImageTemplate } from "../schema/index.ts";

/** What an overlay takes from the image that it changes, in the order in which it is listed. */
const FROM_THE_IMAGE = [
  "hostname",
  "network",
  "initramfs",
  "kernel",
  "immutability",
  "fde",
  "bootloader",
] as const satisfies readonly (keyof NonNullable<ImageTemplate["systemConfig"]>)[];

/** The overlay mode of other tools' templates: an image to start from, and what may change in it. */
export function checkOverlay({ baseline, overlayPolicy }: ImageTemplate): Finding[] {
  const isOverlay = baseline?.mode === "overlay";
  if (!isOverlay) {
    if (overlayPolicy === undefined) return [];
    const hint = "Set baseline.mode to overlay, or remove the section";
    return [{ path: "overlayPolicy", message: "has no effect without an overlay", hint }];
  }
  return [...checkSource(baseline.source), ...checkPolicy(overlayPolicy)];
}

/** What an overlay cannot change, in a file of its own: the merged document has the target's defaults in it. */
export function checkOverlayLayer({ baseline, systemConfig = {} }: ImageTemplate): Finding[] {
  if (baseline?.mode !== "overlay") return [];
  return FROM_THE_IMAGE.filter((key) => systemConfig[key] !== undefined).map((key) => ({
    path: ["systemConfig", key],
    message: "an overlay cannot change it",
    hint: "Remove it: the image that the overlay starts from has its own",
  }));
}

function checkSource(source: NonNullable<ImageTemplate["baseline"]>["source"]): Finding[] {
  const path = ["baseline", "source"];
  const { path: file, url } = source ?? {};
  if ((file === undefined) === (url === undefined)) {
    const message = file === undefined ? "names no image to start from" : "has path and url";
    return [{ path, message, hint: "Give exactly one of path and url" }];
  }
  if (url === undefined || (url.startsWith("https://") && URL.canParse(url))) return [];
  return [{ path: [...path, "url"], message: `${JSON.stringify(url)} is no https address` }];
}

function checkPolicy(policy: ImageTemplate["overlayPolicy"] = {}): Finding[] {
  const mayUpgrade = policy.packageOperation === "additive-and-upgrade";
  return [
    ...(mayUpgrade || policy.allowPackageRemoval !== true ? [] : [needsUpgrade("allowPackageRemoval")]),
    ...(mayUpgrade || policy.replaceKernel === undefined ? [] : [needsUpgrade("replaceKernel")]),
    ...(["kernelCmdline", "grubDefault"] as const).flatMap((key): Finding[] =>
      /["$\\\n`]/.test(policy[key] ?? "")
        ? [{ path: ["overlayPolicy", key], message: 'must not have ", $, \\, ` or a line break' }]
        : [],
    ),
  ];
}

function needsUpgrade(key: "allowPackageRemoval" | "replaceKernel"): Finding {
  const message = 'needs packageOperation "additive-and-upgrade"';
  return { path: ["overlayPolicy", key], message };
}
