import { afterAll, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import { resolveDeb, type DebPackage, type Resolution } from "../../src/ospackage/index.ts";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive, type AptArchive } from "./resolver-apt-archive.ts";
import { doseFailures, hasDose, pseudoPackage, stanza } from "./resolver-dose.ts";
import { explainDifference } from "./resolver-preference-rules.ts";
import { randomRootSets, requestText } from "./resolver-root-sets.ts";

/** Of each suite: curated ones; the long tests take 150, most of them random. */
const SETS_EACH = process.env["OIC_TEST_FULL"] === undefined ? 10 : 150;
/** Templates name a handful of packages; thirty random ones would mostly ask which of some equal providers comes first. */
const LARGEST_SET = 15;

/** apt takes a second or two for each set. */
const LONG_MS = 30 * 60_000;

const CURATED: readonly (readonly string[])[] = [
  ["linux-image-amd64", "initramfs-tools", "systemd-boot", "zstd"],
  ["docker.io", "git", "curl", "ca-certificates"],
  ["network-manager", "wpasupplicant", "bluez"],
  ["nginx", "php-fpm", "mariadb-server"],
  ["gnome-core"],
  [],
  ["openssh-server"],
  ["systemd", "systemd-resolved", "dbus", "udev"],
  ["linux-image-amd64", "dracut"],
  ["postgresql", "python3-django"],
  ["apache2", "exim4"],
  ["mailutils"],
  ["build-essential", "cmake", "pkgconf"],
  ["xfce4", "lightdm"],
  ["default-jre-headless", "maven"],
  ["qemu-system-x86", "libvirt-daemon-system"],
  ["ansible", "vim", "tmux", "htop"],
  ["grub-efi-amd64", "shim-signed", "cryptsetup-initramfs", "lvm2"],
  ["texlive-latex-base", "pandoc"],
  ["kubernetes-client", "containerd", "nftables", "chrony"],
];

const trixie = await openAptArchive("trixie");
const bookworm = await openAptArchive("bookworm");
afterAll(() => {
  trixie?.remove();
  bookworm?.remove();
});

describeNeeding(
  { "apt and Debian's keys": trixie !== undefined && bookworm !== undefined, "dose-distcheck": hasDose() },
  "what resolveDeb() prefers",
  () => {
    if (trixie === undefined || bookworm === undefined) return;

    it(
      "is what apt prefers, in 95 of 100 sets and but for named rules",
      () => {
        const explained = new Map<string, number>();
        const unexplained: string[] = [];
        let sets = 0;
        let different = 0;
        for (const archive of [trixie, bookworm]) {
          for (const { requests, resolution } of satisfiableSets(archive)) {
            sets += 1;
            const told = `${archive.suite}: ${requests.join(" ")}`;
            const ours = versionsIn(resolution);
            const theirs = archive.chooseInstall(wholeRequests(archive, requests));
            if (theirs !== undefined && ours.join() === theirs.join()) continue;
            different += 1;
            const rules =
              theirs === undefined ? rulesOfRefusal(resolution) : rulesOfDifference(archive, requests, theirs);
            if (rules === undefined) unexplained.push(told);
            for (const rule of rules ?? []) explained.set(rule, (explained.get(rule) ?? 0) + 1);
          }
        }
        console.log(`${sets} sets, ${different} with differences, by rule:`, Object.fromEntries(explained));
        expect(unexplained).toEqual([]);
        expect(sets).toBe(2 * SETS_EACH);
        expect(explained.size).toBeLessThanOrEqual(10);
        expect(different).toBeLessThanOrEqual(sets / 20);
      },
      LONG_MS,
    );

    it("is compared with what apt-get --simulate installs", () => {
      for (const requests of CURATED.slice(0, 2)) {
        const whole = wholeRequests(trixie, requests);
        expect(trixie.chooseInstall(whole)).toEqual(trixie.simulateInstall(whole));
      }
    });
  },
);

/** Curated sets first, then random ones; what cannot be installed says nothing about preference. */
function* satisfiableSets(archive: AptArchive) {
  const { index } = archive.repository;
  const packages = [...index.names()].flatMap((name) => index.byName(name));
  const random = randomRootSets(3 * SETS_EACH, packages, 7, LARGEST_SET)
    .filter(({ kind }) => kind === "random")
    .map(({ roots }) => roots.map(requestText));
  let found = 0;
  for (const requests of [...CURATED, ...random]) {
    if (found === SETS_EACH) return;
    const resolution = tryToResolve(archive, requests);
    if (resolution === undefined) continue;
    found += 1;
    yield { requests, resolution };
  }
}

function tryToResolve({ repository }: AptArchive, names: readonly string[]): Resolution<DebPackage> | undefined {
  const requests = names.map((text) => ({ text, origin: "oracle" }));
  try {
    return resolveDeb({ repositories: [repository], architecture: "amd64", requests, includeEssential: true });
  } catch (error) {
    if (isComposerError(error, "RESOLVER_UNSATISFIABLE")) return undefined;
    throw error;
  }
}

/** What a system needs comes on top; apt has a pattern for Essential and none for Priority. */
function wholeRequests({ repository }: AptArchive, requests: readonly string[]): readonly string[] {
  return [...new Set(["?essential", ...repository.index.required().map(({ name }) => name), ...requests])];
}

function versionsIn({ packages }: Resolution<DebPackage>): readonly string[] {
  return packages.map(({ package: { name, version } }) => `${name} ${version}`).sort();
}

function rulesOfDifference(archive: AptArchive, requests: readonly string[], theirs: readonly string[]) {
  const names = new Set(theirs.map((entry) => entry.split(" ")[0] ?? ""));
  return explainDifference({ repository: archive.repository, requests, theirs: names });
}

/** apt gives up where its first choices lead nowhere; that ours can be installed, dose-debcheck has to say. */
function rulesOfRefusal({ packages }: Resolution<DebPackage>): ReadonlySet<string> | undefined {
  const chosen = packages.map((resolved) => resolved.package);
  const everything = pseudoPackage(
    "everything",
    chosen.map(({ name, version }) => `${name} (= ${version})`),
  );
  const isConsistent = doseFailures([...chosen.map(stanza), everything], ["everything"]).size === 0;
  return isConsistent ? new Set(["apt gives up"]) : undefined;
}
