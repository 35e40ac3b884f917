/** Short names of copyright files and the SPDX identifiers that they mean; the keys are in lower case. */
const IDENTIFIERS: Readonly<Record<string, string>> = {
  "0bsd": "0BSD",
  "afl-2.1": "AFL-2.1",
  "apache-1.0": "Apache-1.0",
  "apache-1.1": "Apache-1.1",
  "apache-2": "Apache-2.0",
  "apache-2.0": "Apache-2.0",
  // common-licenses/Artistic is Perl's text.
  artistic: "Artistic-1.0-Perl",
  "artistic-1": "Artistic-1.0-Perl",
  "artistic-2": "Artistic-2.0",
  "artistic-2.0": "Artistic-2.0",
  beerware: "Beerware",
  "bsd-1-clause": "BSD-1-Clause",
  "bsd-2": "BSD-2-Clause",
  "bsd-2-clause": "BSD-2-Clause",
  "bsd-3": "BSD-3-Clause",
  "bsd-3-clause": "BSD-3-Clause",
  "bsd-4-clause": "BSD-4-Clause",
  "bsd-4-clause-uc": "BSD-4-Clause-UC",
  "bsl-1.0": "BSL-1.0",
  "bzip2-1.0.6": "bzip2-1.0.6",
  cc0: "CC0-1.0",
  "cc0-1.0": "CC0-1.0",
  "cc-by-3.0": "CC-BY-3.0",
  "cc-by-4.0": "CC-BY-4.0",
  "cc-by-sa-3.0": "CC-BY-SA-3.0",
  "cc-by-sa-4.0": "CC-BY-SA-4.0",
  "cddl-1.0": "CDDL-1.0",
  "cpl-1.0": "CPL-1.0",
  curl: "curl",
  "epl-1.0": "EPL-1.0",
  "epl-2.0": "EPL-2.0",
  expat: "MIT",
  fsfap: "FSFAP",
  fsful: "FSFUL",
  fsfullr: "FSFULLR",
  ftl: "FTL",
  hpnd: "HPND",
  icu: "ICU",
  ijg: "IJG",
  isc: "ISC",
  jpnic: "JPNIC",
  libpng: "Libpng",
  mit: "MIT",
  "mit-0": "MIT-0",
  "mit/x11": "MIT",
  "mpl-1.1": "MPL-1.1",
  "mpl-2.0": "MPL-2.0",
  ncsa: "NCSA",
  "ofl-1.1": "OFL-1.1",
  "openldap-2.8": "OLDAP-2.8",
  "oldap-2.8": "OLDAP-2.8",
  openssl: "OpenSSL",
  "php-3.01": "PHP-3.01",
  postgresql: "PostgreSQL",
  "psf-2": "PSF-2.0",
  "psf-2.0": "PSF-2.0",
  python: "Python-2.0",
  "python-2.0": "Python-2.0",
  "sil-1.1": "OFL-1.1",
  sleepycat: "Sleepycat",
  tcl: "TCL",
  "unicode-dfs-2016": "Unicode-DFS-2016",
  unlicense: "Unlicense",
  vim: "Vim",
  w3c: "W3C",
  wtfpl: "WTFPL",
  "wtfpl-2": "WTFPL",
  x11: "X11",
  zlib: "Zlib",
  "zlib/libpng": "Zlib",
  "zpl-2.1": "ZPL-2.1",
};

const GNU_VERSIONS: Readonly<Record<string, readonly string[]>> = {
  GPL: ["1.0", "2.0", "3.0"],
  LGPL: ["2.0", "2.1", "3.0"],
  AGPL: ["1.0", "3.0"],
  GFDL: ["1.1", "1.2", "1.3"],
};

const EXCEPTIONS: readonly (readonly [RegExp, (licence: string) => string | undefined])[] = [
  [
    /^autoconf(-data)?$/,
    (licence) => ofGplVersion(licence, { 2: "Autoconf-exception-2.0", 3: "Autoconf-exception-3.0" }),
  ],
  [/^bison(-2\.2)?$/, () => "Bison-exception-2.2"],
  [/^classpath(-2\.0)?$/, () => "Classpath-exception-2.0"],
  [/^font(-2\.0)?$/, () => "Font-exception-2.0"],
  [/^(gcc|gcc-runtime-library|gcc-runtime)(-3\.1)?$/, (licence) => ofGplVersion(licence, { 3: "GCC-exception-3.1" })],
  [/^libtool$/, () => "Libtool-exception"],
  [/^linux-syscall-note$/, () => "Linux-syscall-note"],
  [/^llvm$/, () => "LLVM-exception"],
];

/**
 * The SPDX expression for one short name: `GPL-2+` gives `GPL-2.0-or-later`, `GPL-2+ with Libtool exception` gives
 * `GPL-2.0-or-later WITH Libtool-exception`.
 *
 * @param vocabulary whose names they are: `Debian`, or nobody's in particular
 * @returns a `LicenseRef-{vocabulary}-…` for a name that SPDX has no identifier for
 * @see https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-short-name
 */
export function spdxLicenceOf(shortName: string, vocabulary?: string): string {
  const [, name = "", exception] = /^(.*?)(?:\s+with\s+(.*?)(?:[\s-]+exceptions?)?)?$/i.exec(shortName.trim()) ?? [];
  const identifier = identifierOf(name);
  if (identifier !== undefined && exception === undefined) return identifier;
  const exceptionId =
    identifier === undefined || exception === undefined ? undefined : exceptionOf(exception, identifier);
  if (identifier !== undefined && exceptionId !== undefined) return `${identifier} WITH ${exceptionId}`;
  // SPDX compares references without regard to case, and short names are meant so, too.
  const reference = shortName
    .trim()
    .toLowerCase()
    .replace(/\++/g, "-plus")
    .replace(/[^a-z0-9.-]+/g, "-");
  const prefix = vocabulary === undefined ? "LicenseRef" : `LicenseRef-${vocabulary}`;
  return `${prefix}-${reference.replace(/^-+|-+$/g, "")}`;
}

function identifierOf(name: string): string | undefined {
  const key = name.toLowerCase();
  if (Object.hasOwn(IDENTIFIERS, key)) return IDENTIFIERS[key];
  return gnuIdentifier(name);
}

/** `GPL-2+`, `LGPLv2.1`, `GPL-2.0-or-later`, `GFDL-NIV-1.3+`; undefined for a version that never was. */
function gnuIdentifier(name: string): string | undefined {
  const match = /^(A?GPL|LGPL|GFDL)(-NIV)?[-_]?v?(\d(?:\.\d)?)(\+|-or-later|-only)?$/i.exec(name);
  if (match === null) return undefined;
  const [, family = "", invariants, version = "", range] = match;
  const fullVersion = version.includes(".") ? version : `${version}.0`;
  if (GNU_VERSIONS[family.toUpperCase()]?.includes(fullVersion) !== true) return undefined;
  if (invariants !== undefined && family.toUpperCase() !== "GFDL") return undefined;
  const suffix = range === "+" || range?.toLowerCase() === "-or-later" ? "or-later" : "only";
  return `${family.toUpperCase()}-${fullVersion}${invariants === undefined ? "" : "-no-invariants"}-${suffix}`;
}

function exceptionOf(words: string, licence: string): string | undefined {
  const name = words.trim().toLowerCase().replace(/\s+/g, "-");
  return EXCEPTIONS.find(([pattern]) => pattern.test(name))?.[1](licence);
}

function ofGplVersion(licence: string, exceptions: Readonly<Record<number, string>>): string | undefined {
  return exceptions[Number(/^GPL-(\d)/.exec(licence)?.[1])];
}
