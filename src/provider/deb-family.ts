import { dpkgSelection, installDebs, unpackDebs } from "../chroot/index.ts";
import { licencesOfTree } from "../evidence/index.ts";
import {
  DEB_TIME_BYTES,
  debQuestions,
  readDebRepository,
  readDebTime,
  readLocalRepository,
  type RepositoryIndex,
  type RepositorySource,
  resolveDeb,
  restrictDebIndex,
} from "../ospackage/index.ts";
import { toolRequests } from "./asked-packages.ts";
import { lockStep } from "./lock-step.ts";

import { type PackageFamily, type ProviderBuild, signalOption } from "./provider-build.ts";

/** Debian, Ubuntu, eLxr: dpkg and signed suites. */
export const debFamily: PackageFamily = {
  lockStep: (build) =>
    lockStep(build, {
      read: (source) => readIndex(build, source),
      restrict: restrictDebIndex,
      choose: async (repositories, { requests, exclude }) => {
        const architecture = build.architecture.deb;
        return {
          image: resolveDeb({ repositories, architecture, requests, exclude, includeEssential: true }),
          tools: resolveDeb({ repositories, architecture, requests: toolRequests(build), includeEssential: false }),
        };
      },
    }),

  ask: async (build, subject, question) => {
    const repositories = await Promise.all(build.sources.map((source) => readIndex(build, source)));
    const options = { repositories, architecture: build.architecture.deb };
    if (subject === "tool-root") {
      return question(debQuestions({ ...options, requests: toolRequests(build), includeEssential: false }));
    }
    const { requests, exclude } = build;
    return question(debQuestions({ ...options, requests, exclude, includeEssential: true }));
  },

  // The signed index vouches for digests, and packages carry no signatures of their own.
  checkFiles: async () => {},
  builtAt: (host, { file }) => readDebTime(host.files.readStream(file), `"${file}"`),
  headTime: { byteCount: DEB_TIME_BYTES, read: readDebTime },
  unpackToolRoot: (host, files, root) =>
    unpackDebs(
      host,
      files.map(({ file }) => file),
      root,
    ),
  selectionFile: dpkgSelection,
  install: async ({ host, request: { emit, log } }, { image }, files) => {
    await installDebs(host, image, files, { emit, log });
    return licencesOfTree(
      host,
      image.root,
      files.map((file) => file.package.name),
    );
  },
};

/** The packages that a repository offers, fetched and verified. @throws as the readers of repositories */
function readIndex(build: ProviderBuild, source: RepositorySource): Promise<RepositoryIndex> {
  const { host, request, paths } = build;
  const options = { architecture: build.architecture.deb, ...signalOption(build) };
  switch (source.kind) {
    case "local":
      return readLocalRepository(host, source, options);
    case "deb":
      return readDebRepository(host, source, {
        ...options,
        cacheDir: paths.repositoryCache,
        offline: request.offline,
        emit: request.emit,
      });
    case "rpm":
      throw new Error(`${source.id} is no Debian repository`);
  }
}
